import type { JsonSchema } from "../operation.ts";

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

/** Several that are compiled, or one that may not be. */
export type CheckJobs = CheckJob[];

/** `compiled` comes first for a schema that is new, so that the time for it is not the value's. */
export type CheckReply = { compiled: true; notes: string[] } | { answers: CheckAnswer[] };

/** Of each job, in order. */
export type CheckAnswer = { issues: Issue[] } | { unchecked: string };

/** What does not fit, and where. */
export interface Issue {
  path: string[];
  message: string;
}
