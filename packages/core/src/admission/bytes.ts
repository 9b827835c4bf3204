/**
 * The part of the heap's limit that bytes on their way may take. A byte of the wire is several in the heap for a while:
 * text, what was parsed from it, the answer as data, as JSON and as a line; and the limit counts the young generation,
 * which is most of a small heap.
 */
const HEAP_SHARE = 1 / 32;
/** No budget is smaller: one message of the largest size always has room. */
const LEAST_BYTES = 4_194_304;
/** What the answers of a tool may have whose answers are not known yet. */
const UNKNOWN_ANSWER_BYTES = 1_048_576;
/** Up to this size, in bytes, there is always room: how many there may be is bounded in other ways. */
export const SMALL_BYTES = 16_384;
/** How much of what is known of the largest answer stays with each smaller one. */
const REMEMBERED = 0.9;

/** The most that the heap can have, in bytes. Not imported: a start that needs it once need not read all of node:v8. */
export const heapLimit = (): number => process.getBuiltinModule("node:v8").getHeapStatistics().heap_size_limit;

/** Counts what is read, waiting, running and not yet taken by its reader. One for a server, over all its connections. */
export interface Bytes {
  /** How many may be on their way at once. */
  readonly budget: number;
  /** How many are. */
  readonly held: number;
  /** Whether others wait, or are refused, because of what is on its way. */
  readonly pressed: boolean;
  /** Whether there is room for so many more. */
  fits(bytes: number): boolean;
  hold(bytes: number): void;
  release(bytes: number): void;
  /** So many were written to a client, which has not read them yet. */
  written(bytes: number): void;
  /** It has read them now, or never will. */
  taken(bytes: number): void;
  /**
   * `undefined` when an answer of this name may be made now; else resolves when clients have read enough of the others.
   * Large ones go on one at a time: a hundred that are made at once would all be in the heap before the first is on its
   * way.
   */
  roomToAnswer(name: string): Promise<void> | undefined;
  /** Resolves when no answer waits for room; `undefined` when none does. Until then nothing new need be begun. */
  answersWait(): Promise<void> | undefined;
  /** How many bytes an answer of this name may have, by those before it. */
  expected(name: string): number;
  learn(name: string, bytes: number): void;
}

/** @param released told when there is more room than before */
export function createBytes(released: () => void): Bytes {
  // When it is first needed, which is not at the start.
  let known: number | undefined;
  const budget = (): number => {
    known ??= Math.max(LEAST_BYTES, Math.floor(heapLimit() * HEAP_SHARE));
    return known;
  };
  /** By tool, prompt and resource: as many as there are. */
  const answers = new Map<string, number>();
  let held = 0;
  let unread = 0;
  /** Whether a large answer is being made, this turn. What it writes is counted before the one after it. */
  let making = false;
  const waiting: (() => void)[] = [];
  let whenNone: (() => void)[] = [];

  const make = (): void => {
    making = true;
    setImmediate(() => {
      making = false;
      next();
    });
  };
  const mayAnswer = (): boolean => !making && (unread === 0 || unread * 2 <= budget());
  const next = (): void => {
    if (waiting.length === 0 || !mayAnswer()) return;
    make();
    waiting.shift()?.();
    if (waiting.length > 0) return;
    const told = whenNone;
    whenNone = [];
    for (const resolve of told) resolve();
  };

  return {
    get budget() {
      return budget();
    },
    get held() {
      return held;
    },
    get pressed() {
      return held >= budget() || unread * 2 >= budget();
    },
    fits: (bytes) => bytes <= SMALL_BYTES || held + bytes <= budget(),
    hold(bytes) {
      held += bytes;
    },
    release(bytes) {
      held -= bytes;
      released();
    },
    written(bytes) {
      held += bytes;
      unread += bytes;
    },
    taken(bytes) {
      held -= bytes;
      unread -= bytes;
      next();
      released();
    },
    roomToAnswer(name) {
      if ((answers.get(name) ?? UNKNOWN_ANSWER_BYTES) <= SMALL_BYTES) return undefined;
      if (waiting.length === 0 && mayAnswer()) {
        make();
        return undefined;
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    answersWait: () => (waiting.length === 0 ? undefined : new Promise((resolve) => whenNone.push(resolve))),
    expected: (name) => answers.get(name) ?? UNKNOWN_ANSWER_BYTES,
    learn(name, bytes) {
      const before = answers.get(name) ?? 0;
      if (bytes >= before) answers.set(name, bytes);
      else answers.set(name, Math.ceil(before * REMEMBERED + bytes * (1 - REMEMBERED)));
    },
  };
}
