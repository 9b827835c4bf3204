import { parentPort } from "node:worker_threads";
import type { JsonSchema } from "../operation.ts";
import { createValidator } from "./validator.ts";

/** A value to validate, and what the worker may not have yet. */
export interface CheckJob {
  /** Names the schema for as long as the worker lives. */
  key: string;
  schema: JsonSchema | undefined;
  /** What its `$defs` are called here: a definition is compiled once for all schemas that share it. */
  names: Record<string, string>;
  /** Definitions that are new. */
  definitions: [name: string, definition: JsonSchema][];
  /** JSON, as it is cheaper to pass on and holds numbers that only text holds. */
  value: string;
}

/** `compiled` first, so that the time for it is not the value's. */
export type CheckReply = { compiled: true; notes: string[] } | { issues: Issue[] } | { unchecked: string };

/** What does not fit, and where. */
export interface Issue {
  path: string[];
  message: string;
}

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
