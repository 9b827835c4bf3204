import { setTimeout as pause } from "node:timers/promises";
import { identityOf, type Logger } from "../../contract/context.ts";
import { fail, isProtocolError, isToolError } from "../../contract/errors.ts";
import type { IdempotencyRecord, IdempotencyStore } from "../../contract/idempotency.ts";
import { fingerprint } from "../asking/fingerprint.ts";
import type { Call } from "../call.ts";
import type { Subject } from "../subject.ts";
import { createMemoryIdempotencyStore } from "./memory-store.ts";

const DAY_MS = 86_400_000;
/** A call without a deadline has its key for this long, and one with a deadline a little longer than that, in ms. */
const MAX_LEASE_MS = 600_000;
const LEASE_SLACK_MS = 2_000;
/** How often an instance looks whether another one has come to an end, in ms. */
const LEASE_POLL_MS = 100;

/** What a server gives to {@link createOnce}. */
export interface OnceOptions {
  log: Logger;
  expected: ((error: unknown) => string | undefined) | undefined;
  store: IdempotencyStore | undefined;
}

/** A call with its key. */
export interface KeyedCall {
  call: Call;
  key: string;
  /** The input without its key, as it was sent. */
  input: Record<string, unknown>;
  ttlMs: number | undefined;
  subject: Subject;
}

/** Runs a keyed call, or answers as its first run did. */
export type Once = (keyed: KeyedCall) => Promise<object>;

/** A run in this process that has not ended. */
interface Running {
  input: string;
  /** Whether it has the key for itself; until then it may turn out to be a repetition of something older. */
  claimed: boolean;
  answer: Promise<string>;
}

/**
 * The same key with the same input gives the same answer and one run, also to calls that come while it runs: they wait.
 *
 * A failure that the handler expects (`fail`) changed nothing: the key is free again. After any other end (a thrown
 * bug, an abort between two steps, a crash) what was done is unknown; the key says so until it expires, and the handler
 * does not run again. A handler that outlives its call's deadline is still listened to.
 */
export function createOnce(
  { log, expected, store = createMemoryIdempotencyStore() }: OnceOptions,
  // Milliseconds since 1970, and never back: a key must not come free early because the system's time was set.
  now: () => number = () => performance.timeOrigin + performance.now(),
): Once {
  const running = new Map<string, Running>();

  const nothingDone = (error: unknown): boolean =>
    isToolError(error) || isProtocolError(error) || expected?.(error) !== undefined;

  /**
   * The call is over, and its caller gets the outcome. Where that cannot be stored, a repetition is told that it is
   * unknown.
   */
  async function tryRecord({ name }: Call, keep: () => void | Promise<void>): Promise<void> {
    try {
      await keep();
    } catch (error) {
      log.error({ name, err: error }, "idempotency record not kept");
    }
  }

  /** Claims the key. Where another instance has it and may be at work, this one waits for what becomes of that. */
  async function claim(id: string, call: Call, { input }: Running, ttlMs: number) {
    for (;;) {
      const at = now();
      const leaseUntil = at + Math.min(call.endsAt - performance.now(), MAX_LEASE_MS) + LEASE_SLACK_MS;
      const known = await store.begin({ key: id, input, now: at, expiresAt: at + ttlMs, leaseUntil });
      const works = known !== undefined && known.answer === undefined && (known.leaseUntil ?? 0) > at;
      if (!works || known.input !== input) return known;
      await pause(LEASE_POLL_MS, undefined, { signal: call.signal });
    }
  }

  async function run(id: string, { call, subject, ttlMs = DAY_MS }: KeyedCall, entry: Running): Promise<string> {
    const known = await claim(id, call, entry, ttlMs);
    if (known !== undefined) return answerOf(known, entry.input, call.name);
    entry.claimed = true;
    let value: unknown;
    try {
      value = await subject.run(call);
      // A question ends the run; the next one, with the answer in place, claims the key again.
      if (call.questions.length > 0) throw call.questions[0];
    } catch (error) {
      if (call.questions.length > 0 || nothingDone(error)) await tryRecord(call, () => store.release(id));
      throw error;
    }
    const answer = JSON.stringify(await subject.compose(value));
    await tryRecord(call, () => store.finish(id, answer));
    return answer;
  }

  return async (keyed) => {
    const { call, key, input } = keyed;
    const id = fingerprint([call.name, identityOf(call.caller), key]);
    // Another version has another answer: its call is another request.
    const digest = fingerprint(call.version === undefined ? sortKeys(input) : [call.version, sortKeys(input)]);
    for (;;) {
      const first = running.get(id);
      if (first === undefined) {
        const entry: Running = { input: digest, claimed: false, answer: undefined as never };
        entry.answer = run(id, keyed, entry).finally(() => running.delete(id));
        running.set(id, entry);
        return JSON.parse(await entry.answer);
      }
      if (first.claimed && first.input !== digest) conflict(call.name);
      try {
        const answer = await first.answer;
        if (first.input === digest) return JSON.parse(answer);
      } catch (error) {
        // Told to all who waited for it. After anything else the store knows more than they do.
        if (first.input === digest && nothingDone(error)) throw error;
      }
    }
  };
}

function answerOf({ input, answer }: IdempotencyRecord, digest: string, name: string): string {
  if (input !== digest) conflict(name);
  if (answer !== undefined) return answer;
  fail(
    `A call of ${name} with this idempotency key began and did not come to a known end: its work may be done, or half done. Nothing was done now. Look whether it took effect; to do it again, use a new key.`,
    { code: "outcome_unknown" },
  );
}

function conflict(name: string): never {
  fail(
    `This idempotency key was used for another input of ${name}. Nothing was done. Use a new key for a new request, or repeat the first one exactly to get its answer.`,
    { code: "conflict" },
  );
}

/** With its keys in order: two clients write the same input in different ones. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}
