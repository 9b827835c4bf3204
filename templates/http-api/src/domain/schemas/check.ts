import { Worker } from "node:worker_threads";
import type { JsonSchema } from "../operation.ts";
import type { CheckJob, CheckReply, Issue } from "./check-job.ts";

/** What came of validating a value. */
export interface Verdict {
  issues: Issue[];
  /** Why it was not validated to its end; `issues` are none then. */
  unchecked?: string;
}

/** Validates a value. Never throws. */
export type Check = (value: unknown) => Promise<Verdict>;

/** Time to compile a schema, in ms: the largest known, a payment of Stripe's, takes two seconds. */
const COMPILE_MS = 15_000;
/** Time for one value, in ms. */
const CHECK_MS = 1_000;
/** A schema that was cut off so often is not tried again. */
const MAX_CUT_OFF = 3;
/** Memory of the worker, in MiB: all schemas of GitHub compiled are 500. */
const MAX_MEMORY_MB = 768;

/** Hears what the server cannot hold values to, once each. */
type Note = (line: string) => void;
let note: Note = () => {};
/** Where notes on schemas go. Default: nowhere. */
export const onNote = (listener: Note): void => {
  note = listener;
};

/**
 * Values against a schema, in a thread of its own: a schema may take minutes to compile and a value for ever to
 * validate, and neither keeps anything else waiting. The thread starts with the first value and holds no process up.
 */
export function checker(schema: JsonSchema): Check {
  const key = nextName();
  let cutOff = 0;
  return async (value) => {
    if (cutOff >= MAX_CUT_OFF) return { issues: [], unchecked: "it took too long before" };
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch {
      return { issues: [], unchecked: "it is nested too deep" };
    }
    if (text === undefined) return { issues: [] };
    const verdict = await queue(() => run(schema, key, text));
    if (verdict.unchecked === TOO_LONG) {
      cutOff += 1;
      if (cutOff === MAX_CUT_OFF) note("a schema takes too long to validate: values are no longer held to it");
    }
    return verdict;
  };
}

let counter = 0;
const nextName = (): string => {
  counter += 1;
  return `schema:${counter}`;
};
const TOO_LONG = "it takes too long to validate";

/** One at a time: a worker that is cut off takes with it what else it was given. */
let last: Promise<unknown> = Promise.resolve();
function queue(job: () => Promise<Verdict>): Promise<Verdict> {
  const next = last.then(job, job);
  last = next;
  return next;
}

interface Thread {
  worker: Worker;
  /** What it has been given. */
  sent: Set<string>;
}

let thread: Thread | undefined;

// Beside this file, from source as in the bundle, where tsup.config.ts makes it a file of its own.
const entry = new URL(import.meta.url.endsWith(".ts") ? "./check-worker.ts" : "./check-worker.js", import.meta.url);

function startThread(): Thread {
  const worker = new Worker(entry, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB } });
  // Without a listener of its own, a worker that dies while it is idle would take the process with it.
  worker.on("error", () => {});
  worker.unref();
  return { worker, sent: new Set() };
}

const identities = new WeakMap<object, string>();
const identityOf = (definition: object): string => {
  const known = identities.get(definition);
  if (known !== undefined) return known;
  const made = nextName();
  identities.set(definition, made);
  return made;
};

function jobOf(schema: JsonSchema, key: string, value: string, { sent }: Thread): CheckJob {
  if (sent.has(key)) return { key, schema: undefined, names: {}, definitions: [], value };
  const all = Object.entries((schema.$defs ?? {}) as Record<string, JsonSchema>);
  const names = Object.fromEntries(all.map(([name, definition]) => [name, identityOf(definition)]));
  const definitions: CheckJob["definitions"] = [];
  for (const [name, definition] of all) {
    const identity = names[name] as string;
    if (sent.has(identity)) continue;
    sent.add(identity);
    definitions.push([identity, definition]);
  }
  sent.add(key);
  return { key, schema, names, definitions, value };
}

function run(schema: JsonSchema, key: string, value: string): Promise<Verdict> {
  thread ??= startThread();
  const { worker } = thread;
  const job = jobOf(schema, key, value, thread);
  return new Promise((resolve) => {
    const end = (verdict: Verdict): void => {
      clearTimeout(timer);
      worker.off("message", answered).off("error", died).off("exit", died);
      worker.unref();
      resolve(verdict);
    };
    const stop = (): void => {
      thread = undefined;
      end({ issues: [], unchecked: TOO_LONG });
      void worker.terminate();
    };
    const died = (): void => stop();
    let timer = setTimeout(stop, COMPILE_MS);
    const answered = (reply: CheckReply): void => {
      if ("compiled" in reply) {
        clearTimeout(timer);
        timer = setTimeout(stop, CHECK_MS);
        for (const line of reply.notes) note(line);
      } else end("issues" in reply ? { issues: reply.issues } : { issues: [], unchecked: reply.unchecked });
    };
    // It keeps the process alive only while a check runs.
    worker.ref();
    worker.on("message", answered).on("error", died).on("exit", died);
    worker.postMessage(job);
  });
}
