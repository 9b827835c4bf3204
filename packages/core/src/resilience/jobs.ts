import type PQueue from "p-queue";
import { DefinitionError, ToolError } from "../contract/errors.ts";
import type { Mode, ServerJobs } from "../contract/jobs.ts";
import { instanceId } from "../instance.ts";

/** Work that goes on after the call that began it has been answered. It ends when its signal is aborted. */
export type Job = (signal: AbortSignal) => unknown;

/** What {@link createJobs} takes. */
export interface JobsOptions {
  /** Jobs that run at once. @default 2: background work must leave the machine to the calls */
  concurrency?: number | undefined;
  /** Jobs in line beside those; one more is refused. @default 100 */
  maxWaiting?: number | undefined;
}

/** A queue of background work in this process. What is in it is lost when the process is killed. */
export interface Jobs extends ServerJobs {
  readonly running: number;
  readonly waiting: number;
  /**
   * Puts a job in line and returns at once. What it throws goes to the log.
   *
   * @param name for the log: `reindex`
   * @returns its correlation id in the log
   * @throws ToolError with the code `jobs_full` or `jobs_closed`, and text that tells a model what to do
   */
  add(name: string, job: Job): string;
}

/** Time for aborted jobs to put things in order, in ms. */
const ABORT_MS = 250;
const RETRY_MS = 5_000;
let made = 0;

/**
 * Makes a queue for work that no client waits for: an index to bring up to date, a file to write after an import. Given
 * to `defineServer({ jobs })` it is slowed under strain, its failures are logged, and it ends with the server.
 *
 * Not for work that must not be lost (write that down first), nor for work whose result the caller needs: that is a
 * tool with `lane: "background"`.
 *
 * @throws DefinitionError for a number below 1
 */
export function createJobs({ concurrency = 2, maxWaiting = 100 }: JobsOptions = {}): Jobs {
  for (const [name, value] of Object.entries({ concurrency, maxWaiting })) {
    if (!Number.isInteger(value) || value < 1)
      throw new DefinitionError(`createJobs: ${name} must be a whole number, 1 or more; got ${value}.`);
  }
  const controller = new AbortController();
  let mode: Mode = "normal";
  let running = 0;
  let all = 0;
  let closed = false;
  let ended: (() => void) | undefined;
  let queue: Promise<PQueue> | undefined;
  let report: Parameters<Jobs["report"]>[0] = (name, id, error) =>
    process.emitWarning(`the job ${name} (${id}) failed: ${error instanceof Error ? error.message : String(error)}`);

  // Loaded by the first job: most servers have none.
  const open = async (): Promise<PQueue> => {
    const { default: Queue } = await import("p-queue");
    const opened = new Queue({ concurrency });
    pace(opened);
    return opened;
  };
  const pace = (opened: PQueue): void => {
    opened.concurrency = mode === "normal" ? concurrency : 1;
    if (mode === "foreground-only") opened.pause();
    else opened.start();
  };
  const run = async (name: string, id: string, job: Job): Promise<void> => {
    running += 1;
    try {
      controller.signal.throwIfAborted();
      await job(controller.signal);
    } catch (error) {
      report(name, id, error);
    } finally {
      running -= 1;
      all -= 1;
      if (all === 0) ended?.();
    }
  };
  const empty = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (all === 0) return resolve();
      const timer = setTimeout(resolve, ms);
      ended = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    get running() {
      return running;
    },
    get waiting() {
      return all - running;
    },
    add(name, job) {
      if (closed) throw new ToolError("The server is ending and begins nothing more.", { code: "jobs_closed" });
      if (all >= concurrency + maxWaiting) {
        throw new ToolError(
          `${all - running} jobs wait already and no more are taken; nothing was begun. Try again later.`,
          { code: "jobs_full", retryAfterMs: RETRY_MS },
        );
      }
      all += 1;
      made += 1;
      const id = `job-${instanceId}-${made.toString(36)}`;
      queue ??= open();
      void queue.then((opened) => opened.add(() => run(name, id, job)));
      return id;
    },
    follow(next) {
      mode = next;
      void queue?.then(pace);
    },
    report(next) {
      report = next;
    },
    async close(ms) {
      closed = true;
      mode = "normal";
      void queue?.then(pace);
      await empty(ms);
      controller.abort(new Error("the server ended before the job did"));
      await empty(ABORT_MS);
    },
  };
}
