import type { JsonSchema } from "../operation.ts";
import { type Accepts, acceptor } from "./accepts.ts";
import type { Issue } from "./check-job.ts";
import { isSent, nextName, type Outcome, run, type Value } from "./check-thread.ts";

/** What came of validating a value. */
export interface Verdict {
  issues: Issue[];
  /** Why it was not validated to its end; `issues` are none then. */
  unchecked?: string;
}

/** Validates a value. Never throws. At once where it is certain that it fits. */
export type Check = (value: unknown) => Verdict | Promise<Verdict>;

/** A schema whose values were cut off so often within a minute is tried with short values only for the rest of it. */
const MAX_CUT_OFF = 3;
const MINUTE_MS = 60_000;

/** Hears what the server cannot hold values to, once each. */
type Note = (line: string) => void;
let note: Note = () => {};
/** Where notes on schemas go. Default: nowhere. */
export const onNote = (listener: Note): void => {
  note = listener;
};

/** A value that is to be validated. */
interface Waiting extends Value {
  slow: Slow;
  resolve(verdict: Verdict): void;
}

/** What of a schema was cut off. */
interface Slow {
  times: number;
  /** Characters of the shortest. */
  shortest: number;
  /** When it is forgotten, by `performance.now()`. */
  until: number;
  noted: boolean;
}

/**
 * Values against a schema, in a thread of its own: a schema may take minutes to compile and a value for ever to
 * validate, and neither keeps anything else waiting. The thread starts with the first value that is not certain to fit
 * without it (accepts.ts), and holds no process up.
 */
export function checker(schema: JsonSchema): Check {
  const key = nextName();
  const slow: Slow = { times: 0, shortest: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY, noted: false };
  const validate = async (value: unknown): Promise<Verdict> => {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch {
      return { issues: [], unchecked: "it is nested too deep" };
    }
    if (text === undefined) return { issues: [] };
    return new Promise<Verdict>((resolve) => wait({ schema, key, text, slow, resolve }));
  };
  let plain: Accepts | undefined;
  return (value) => {
    plain ??= acceptor(schema) ?? never;
    return plain(value) ? FITS : validate(value);
  };
}

const never: Accepts = () => false;
const FITS: Verdict = { issues: [] };

const tooLong: Verdict = { issues: [], unchecked: "it takes too long to validate" };
const notTried: Verdict = { issues: [], unchecked: "others like it took too long" };

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
    const outcome = together.length === 0 ? [] : await run(together, note);
    for (const [at, one] of together.entries()) {
      const answer = Array.isArray(outcome) ? outcome[at] : undefined;
      one.resolve(answer === undefined ? await alone(one, outcome, together.length) : { issues: [], ...answer });
    }
  }
  working = false;
}

/** What came while the worker was busy, and is tried; a schema that is new to it goes alone. */
function nextOnes(): Waiting[] {
  const together: Waiting[] = [];
  let characters = 0;
  for (let one = waiting[0]; one !== undefined && together.length < MOST_TOGETHER; one = waiting[0]) {
    characters += one.text.length;
    if (together.length > 0 && (characters > MOST_CHARACTERS || !isSent(one.key))) break;
    waiting.shift();
    if (!isTried(one)) one.resolve(notTried);
    else together.push(one);
    if (!isSent(one.key)) break;
  }
  return together;
}

/** A worker that is cut off takes with it what else it was given, or had been: each alone says which of them it was. */
async function alone(one: Waiting, before: Outcome, among: number): Promise<Verdict> {
  if (!isTried(one)) return notTried;
  const outcome = among === 1 && before !== "died" ? before : await run([one], note);
  if (Array.isArray(outcome)) return { issues: [], ...outcome[0] };
  addCutOff(one, outcome === "compiling");
  return tooLong;
}

/** Only what is as long as half of what took too long is not tried: one caller's values keep nobody from a tool. */
function isTried({ slow, text }: Waiting): boolean {
  if (performance.now() > slow.until) Object.assign(slow, { times: 0, shortest: Number.POSITIVE_INFINITY });
  return slow.times < MAX_CUT_OFF || text.length < slow.shortest / 2;
}

function addCutOff({ slow, text }: Waiting, compiling: boolean): void {
  slow.times += 1;
  slow.shortest = Math.min(slow.shortest, compiling ? 0 : text.length);
  // A schema that cannot be compiled will not be.
  slow.until = slow.shortest === 0 ? Number.POSITIVE_INFINITY : performance.now() + MINUTE_MS;
  if (slow.times < MAX_CUT_OFF || slow.noted) return;
  slow.noted = true;
  note("a schema takes too long to validate: long values are not held to it for a minute");
}
