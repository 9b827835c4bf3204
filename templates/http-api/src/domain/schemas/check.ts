import { Worker } from "node:worker_threads";
import type { JsonSchema } from "../operation.ts";
import type { CheckAnswer, CheckJob, CheckReply, Issue } from "./check-job.ts";

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
    const verdict = await new Promise<Verdict>((resolve) => wait({ schema, key, text, resolve }));
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

/** A value that is to be validated. */
interface Waiting {
  schema: JsonSchema;
  key: string;
  text: string;
  resolve(verdict: Verdict): void;
}

/** Values that go to the worker together, and their characters: passing a message on costs more than most checks. */
const MOST_TOGETHER = 16;
const MOST_CHARACTERS = 100_000;
const waiting: Waiting[] = [];
let working = false;

function wait(one: Waiting): void {
  waiting.push(one);
  if (!working) void work();
}

async function work(): Promise<void> {
  working = true;
  while (waiting.length > 0) {
    const together = nextOnes();
    const verdicts = await run(together).catch(() => undefined);
    for (const [at, one] of together.entries()) one.resolve(verdicts?.[at] ?? (await alone(one, together.length)));
  }
  working = false;
}

/** What came while the worker was busy; a schema that is new to it goes alone. */
function nextOnes(): Waiting[] {
  let count = 0;
  let characters = 0;
  for (const { key, text } of waiting.slice(0, MOST_TOGETHER)) {
    characters += text.length;
    if (count > 0 && (characters > MOST_CHARACTERS || !isSent(key))) break;
    count += 1;
    if (!isSent(key)) break;
  }
  return waiting.splice(0, count);
}

const isSent = (key: string): boolean => thread?.sent.has(key) === true;

/** A worker that is cut off takes with it what else it was given: each alone says which of them it was. */
async function alone(one: Waiting, among: number): Promise<Verdict> {
  const again = among === 1 ? undefined : await run([one]).catch(() => undefined);
  return again?.[0] ?? { issues: [], unchecked: TOO_LONG };
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

/** Undefined where it was cut off. */
async function run(together: readonly Waiting[]): Promise<Verdict[] | undefined> {
  thread ??= startThread();
  const { worker, sent } = thread;
  const isNew = together.some(({ key }) => !sent.has(key));
  const jobs = together.map(({ schema, key, text }) => jobOf(schema, key, text, thread as Thread));
  return new Promise((resolve) => {
    const end = (verdicts: Verdict[] | undefined): void => {
      clearTimeout(timer);
      worker.off("message", answered).off("error", stop).off("exit", stop);
      worker.unref();
      resolve(verdicts);
    };
    const stop = (): void => {
      thread = undefined;
      end(undefined);
      void worker.terminate();
    };
    let timer = setTimeout(stop, isNew ? COMPILE_MS : CHECK_MS);
    const answered = (reply: CheckReply): void => {
      if ("answers" in reply) end(reply.answers.map(verdictOf));
      else {
        clearTimeout(timer);
        timer = setTimeout(stop, CHECK_MS);
        for (const line of reply.notes) note(line);
      }
    };
    // It keeps the process alive only while a check runs.
    worker.ref();
    worker.on("message", answered).on("error", stop).on("exit", stop);
    worker.postMessage(jobs);
  });
}

const verdictOf = (answer: CheckAnswer): Verdict => ("issues" in answer ? answer : { issues: [], ...answer });
