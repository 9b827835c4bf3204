import { Worker } from "node:worker_threads";
import type { JsonSchema } from "../operation.ts";
import type { CheckAnswer, CheckJob, CheckReply } from "./check-job.ts";

/** A value for the thread. */
export interface Value {
  schema: JsonSchema;
  /** Names the schema. */
  key: string;
  /** JSON. */
  text: string;
}

/** An answer for each value, or what the thread was at when it came to its end. */
export type Outcome = CheckAnswer[] | "compiling" | "validating" | "died";

/** Time to compile a schema, in ms: the largest known, a payment of Stripe's, takes two seconds. */
const COMPILE_MS = 15_000;
/** Time for the values that go together, in ms. */
const CHECK_MS = 1_000;
/** Memory of the worker, in MiB: all schemas of GitHub compiled are 500. */
const MAX_MEMORY_MB = 768;

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
  worker.on("exit", () => {
    if (thread?.worker === worker) thread = undefined;
  });
  worker.unref();
  return { worker, sent: new Set() };
}

let counter = 0;
/** A name that no schema and no definition has. */
export const nextName = (): string => {
  counter += 1;
  return `schema:${counter}`;
};

/** Whether the thread that runs has a schema. */
export const isSent = (key: string): boolean => thread?.sent.has(key) === true;

const identities = new WeakMap<object, string>();
const identityOf = (definition: object): string => {
  const known = identities.get(definition);
  if (known !== undefined) return known;
  const made = nextName();
  identities.set(definition, made);
  return made;
};

function jobOf({ schema, key, text: value }: Value, { sent }: Thread): CheckJob {
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

/** Has values validated, one call at a time. `note` hears what a schema that is new cannot be held to. */
export function run(together: readonly Value[], note: (line: string) => void): Promise<Outcome> {
  thread ??= startThread();
  const current = thread;
  const { worker, sent } = current;
  let doing: "compiling" | "validating" = together.some(({ key }) => !sent.has(key)) ? "compiling" : "validating";
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      worker.off("message", answered).off("error", died).off("exit", died);
      worker.unref();
      resolve(outcome);
    };
    const stop = (outcome: Outcome): void => {
      thread = undefined;
      end(outcome);
      void worker.terminate();
    };
    const died = (): void => stop("died");
    const cutOff = (): void => stop(doing);
    let timer = setTimeout(cutOff, doing === "compiling" ? COMPILE_MS : CHECK_MS);
    const answered = (reply: CheckReply): void => {
      if ("answers" in reply) {
        end(reply.answers);
        return;
      }
      doing = "validating";
      clearTimeout(timer);
      timer = setTimeout(cutOff, CHECK_MS);
      for (const line of reply.notes) note(line);
    };
    // It keeps the process alive only while a check runs.
    worker.ref();
    worker.on("message", answered).on("error", died).on("exit", died);
    try {
      worker.postMessage(together.map((value) => jobOf(value, current)));
    } catch {
      // What cannot be passed on was counted as sent: a new thread has been sent nothing.
      stop(doing);
    }
  });
}
