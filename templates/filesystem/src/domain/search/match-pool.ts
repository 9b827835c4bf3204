import { FilesError } from "../errors.ts";
import type { Handed } from "../safe-fs/handed.ts";
import type { Sought } from "./expression.ts";
import type { LinesWanted } from "./lines.ts";
import { askThread, giveBack, type Stuck, type Thread, takeThread } from "./match-thread.ts";
import type { Outcome, Reply, Request } from "./match-worker.ts";

/** A worker thread that is lent to one search. */
export interface Matching {
  /** An outcome for each file, which stay open meanwhile. One that takes too long is "slow". */
  match(files: Handed): Promise<Outcome[]>;
  /** Gives the worker back, or stops it where it is still busy. */
  release(): Promise<void>;
}

/**
 * Milliseconds for compiling a pattern, and for one file of 1 MiB; larger ones get more. They pass while the worker waits for a
 * processor, too.
 */
const budgetToCompile = 5_000;
const budget = 1_000;
const budgetPerMiB = 200;

const mostWorkers = 2;
const waiting: (() => void)[] = [];
let lent = 0;

/** A pattern that cannot be searched for in linear time is a FilesError "invalid". Waits while all workers are lent. */
export async function openMatching(sought: Sought & LinesWanted, signal?: AbortSignal): Promise<Matching> {
  await takeTurn(signal);
  let thread: Thread | undefined;
  let [busy, released] = [false, false];

  const ask = async (request: Request, budgetAt: (index: number) => number): Promise<Reply | Stuck> => {
    if (released) throw new FilesError("closed", "This search has ended.");
    const asked = thread ?? takeThread();
    thread = asked;
    busy = true;
    const reply = await askThread(asked, request, budgetAt);
    busy = false;
    if ("stuckAt" in reply) {
      thread = undefined;
      await asked.worker.terminate();
    }
    return reply;
  };
  const begin = async () => {
    const reply = await ask({ begin: sought }, () => budgetToCompile);
    if ("ready" in reply) return;
    const reason = "refused" in reply ? reply.refused : "it takes too long to prepare. Repeat fewer things fewer times";
    throw new FilesError("invalid", `pattern: ${reason}.`);
  };
  const match = async (files: Handed): Promise<Outcome[]> => {
    if (files.fds.length === 0) return [];
    const budgetAt = (index: number) => budget + ((files.sizes[index] ?? 0) >> 20) * budgetPerMiB;
    const reply = await ask({ files }, budgetAt);
    if ("outcomes" in reply) return reply.outcomes;
    // What was found before the one that took too long went with its worker.
    const at = "stuckAt" in reply ? Math.max(reply.stuckAt, 0) : 0;
    await begin();
    const part = (from: number, to?: number): Handed => {
      return { fds: files.fds.slice(from, to), sizes: files.sizes.slice(from, to) };
    };
    return [...(await match(part(0, at))), "slow", ...(await match(part(at + 1)))];
  };
  const release = async () => {
    released = true;
    if (thread && busy) await thread.worker.terminate();
    else if (thread) giveBack(thread);
    thread = undefined;
    passTurn();
  };

  try {
    await begin();
    return { match, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (lent < mostWorkers) {
    lent++;
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const turn = () => {
      signal?.removeEventListener("abort", leave);
      resolve();
    };
    const leave = () => {
      waiting.splice(waiting.indexOf(turn), 1);
      reject(signal?.reason);
    };
    waiting.push(turn);
    signal?.addEventListener("abort", leave, { once: true });
  });
}

function passTurn(): void {
  const next = waiting.shift();
  if (next) next();
  else lent--;
}
