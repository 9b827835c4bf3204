import { testEval } from "@offshoot/core/evals";
import files from "./evals/index.ts";

testEval(files, { lock: new URL("../evals.lock.json", import.meta.url) });
