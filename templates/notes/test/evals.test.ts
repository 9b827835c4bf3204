import { testEval } from "@offshoot/core/evals";
import notes from "./evals/index.ts";

testEval(notes, { lock: new URL("../evals.lock.json", import.meta.url) });
