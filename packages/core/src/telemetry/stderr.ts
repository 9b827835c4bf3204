/** Where lines go: stderr, or an array in tests. */
export interface LogSink {
  write(line: string): void;
}

// A reader of stderr that stopped must not cost memory: past this many bytes waiting, lines are dropped and counted.
const MAX_WAITING = 1_048_576;

const NOT_READ = new Error("stderr is not being read");

/** Lines and other writes that stderr did not take, of this process. */
let lost = 0;

/** How many lines stderr did not take since the process began: its reader had gone, its disk was full, nobody read. */
export const countLostLines = (): number => lost;

/**
 * Makes stderr something a server can lose: a reader that goes away, a full disk and a pipe that nobody reads do not
 * end the process nor fill memory. Stderr itself is opened by its first use: a start that has nothing to say is
 * quicker.
 */
export function protectStderr(): void {
  const { get } = Object.getOwnPropertyDescriptor(process, "stderr") ?? {};
  if (get === undefined) return;
  let guarded: NodeJS.WriteStream | undefined;
  Object.defineProperty(process, "stderr", {
    configurable: true,
    enumerable: true,
    get: () => {
      guarded ??= guard(get.call(process));
      return guarded;
    },
  });
}

function guard(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  // Without a listener, EPIPE or ENOSPC is an uncaught exception.
  stream.on("error", () => {});
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const waiting = stream.writableLength;
    if (waiting === 0 || waiting + chunk.length <= MAX_WAITING) return write(chunk, ...rest);
    lost += 1;
    const done = rest.find((argument) => typeof argument === "function") as ((error: Error) => void) | undefined;
    if (done !== undefined) process.nextTick(done, NOT_READ);
    // Not false: a writer would wait for a "drain" that may never come.
    return true;
  }) as typeof stream.write;
  return stream;
}

/**
 * How long lines wait for company, in ms, and how many characters are company enough: a write costs more than a line.
 */
const BATCH_MS = 10;
const BATCH_CHARACTERS = 16_384;

/**
 * Writes to stderr without ever blocking on it, several lines in one system call, and says how many lines were lost
 * once it takes some again. What waits is written when the process ends, unless it is killed.
 */
export function stderrSink(stream: NodeJS.WriteStream = process.stderr): LogSink {
  let batch = "";
  let lines = 0;
  let scheduled = false;
  // Lost, and nobody has been told.
  let untold = 0;
  const send = (): void => {
    if (batch === "") return;
    const said = untold;
    const count = lines;
    const notice =
      said === 0
        ? ""
        : `${JSON.stringify({ level: "warn", msg: "log lines were dropped: stderr did not take them", dropped: said })}\n`;
    const text = notice + batch;
    batch = "";
    lines = 0;
    untold = 0;
    stream.write(text, (error) => {
      if (!error) return;
      untold += said + count;
      // A write that was dropped has been counted as one.
      lost += error === NOT_READ ? count - 1 : count;
    });
  };
  const flush = (): void => {
    scheduled = false;
    send();
  };
  process.once("exit", send);
  return {
    write(line) {
      if (stream.writableLength + batch.length > MAX_WAITING) {
        untold += 1;
        lost += 1;
        return;
      }
      batch += line;
      lines += 1;
      if (batch.length >= BATCH_CHARACTERS) send();
      if (scheduled) return;
      scheduled = true;
      setTimeout(flush, BATCH_MS).unref();
    },
  };
}
