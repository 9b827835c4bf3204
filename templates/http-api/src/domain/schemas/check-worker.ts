import { parentPort } from "node:worker_threads";
import type { CheckJob, CheckReply } from "./check-job.ts";
import { createValidator } from "./validator.ts";

const validator = createValidator();
parentPort?.on("message", (job: CheckJob) => {
  const answer = (reply: CheckReply): void => parentPort?.postMessage(reply);
  try {
    const { check, notes } = validator.compile(job);
    answer({ compiled: true, notes });
    answer({ issues: check(JSON.parse(job.value)) });
  } catch (error) {
    // Data that leads its schema deeper than the stack, for one. Its message may quote the value.
    answer({ unchecked: error instanceof Error ? error.name : "unknown" });
  }
});
