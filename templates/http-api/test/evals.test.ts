import { testEval } from "@offshoot/core/evals";
import api from "./evals/index.ts";

testEval(api, { lock: new URL("../evals.lock.json", import.meta.url) });
