import { parentPort } from "node:worker_threads";
import type { CheckAnswer, CheckJob, CheckJobs, CheckReply } from "./check-job.ts";
import { createValidator } from "./validator.ts";

const validator = createValidator();
const reply = (message: CheckReply): void => parentPort?.postMessage(message);

function answerTo(job: CheckJob): CheckAnswer {
  try {
    const { check, notes } = validator.compile(job);
    if (job.schema !== undefined) reply({ compiled: true, notes });
    return { issues: check(JSON.parse(job.value)) };
  } catch (error) {
    // Data that leads its schema deeper than the stack, for one. Its message may quote the value.
    return { unchecked: error instanceof Error ? error.name : "unknown" };
  }
}

parentPort?.on("message", (jobs: CheckJobs) => reply({ answers: jobs.map(answerTo) }));
