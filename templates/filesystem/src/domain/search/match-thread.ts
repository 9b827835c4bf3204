import { Worker } from "node:worker_threads";
import type { Reply, Request } from "./match-worker.ts";

export interface Thread {
  worker: Worker;
  /** Which file of a request the worker is at: -1 before the first one, -2 before it has loaded what it needs. */
  position: Int32Array;
}

/** Where a worker stood when it took too long in one place, or died. */
export interface Stuck {
  stuckAt: number;
}

// Beside this file, from source as in the bundle, where tsup.config.ts makes it a file of its own.
const entry = new URL(import.meta.url.endsWith(".ts") ? "./match-worker.ts" : "./match-worker.js", import.meta.url);

const notStarted = -2;
/** Milliseconds between two looks at where a worker stands. */
const lookEvery = 50;
const budgetToStart = 10_000;
const keepIdle = 30_000;
const idle: { thread: Thread; timer: NodeJS.Timeout }[] = [];

/** One that is idle, or a new one. */
export function takeThread(): Thread {
  const found = idle.pop();
  if (found === undefined) return startThread();
  clearTimeout(found.timer);
  found.thread.worker.ref();
  return found.thread;
}

function startThread(): Thread {
  const position = new Int32Array(new SharedArrayBuffer(4));
  // The memory of a runaway pattern is capped too: then the worker dies, and the file counts as slow.
  const resourceLimits = { maxOldGenerationSizeMb: 256 };
  const worker = new Worker(entry, { workerData: position, resourceLimits, execArgv: [] });
  // Without a listener of its own, a worker that dies while it is idle would take the process with it.
  worker.on("error", () => {});
  return { worker, position };
}

/** Keeps it for the next search, though it keeps no process alive. */
export function giveBack(thread: Thread): void {
  thread.worker.unref();
  const stop = () => {
    const at = idle.findIndex((other) => other.thread === thread);
    if (at >= 0) idle.splice(at, 1);
    void thread.worker.terminate();
  };
  idle.push({ thread, timer: setTimeout(stop, keepIdle).unref() });
}

/** The reply, or where the worker stands once it spends more than its budget, in milliseconds, in one place. */
export function askThread(
  { worker, position }: Thread,
  request: Request,
  budgetAt: (index: number) => number,
): Promise<Reply | Stuck> {
  return new Promise((resolve, reject) => {
    Atomics.store(position, 0, notStarted);
    // Looks, and not the clock: where this thread waits for a processor, so does the worker.
    let [at, looks] = [notStarted, 0];
    const watch = setInterval(() => {
      const now = Atomics.load(position, 0);
      if (now !== at) [at, looks] = [now, 0];
      else if (++looks * lookEvery > (at === notStarted ? budgetToStart : budgetAt(at))) stuck();
    }, lookEvery);
    const settled = () => {
      clearInterval(watch);
      worker.off("message", answered).off("error", failed).off("exit", stuck);
    };
    const answered = (reply: Reply) => {
      settled();
      resolve(reply);
    };
    const stuck = () => {
      settled();
      resolve({ stuckAt: Atomics.load(position, 0) });
    };
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === "ERR_WORKER_OUT_OF_MEMORY") return stuck();
      settled();
      reject(error);
    };
    worker.on("message", answered).on("error", failed).on("exit", stuck);
    worker.postMessage(request);
  });
}
