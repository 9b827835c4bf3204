import { Writable } from "node:stream";
import type { Log } from "./telemetry/log.ts";

/**
 * Keeps stdout for the protocol: whatever else writes there (a `console.log`, a dependency's banner) goes to stderr.
 *
 * @returns the one stream that still reaches stdout
 */
export function protectStdout(log: Log): Writable {
  const { stdout } = process;
  const write = stdout.write.bind(stdout) as (chunk: unknown, callback: (error?: Error | null) => void) => boolean;
  // `console.log` looks this method up at each call, so it follows.
  stdout.write = ((...args: Parameters<typeof stdout.write>) => process.stderr.write(...args)) as typeof stdout.write;
  const protocol = new Writable({
    decodeStrings: false,
    highWaterMark: 65_536,
    write: (chunk, _encoding, callback) => void write(chunk, (error) => callback(error)),
  });
  stdout.on("error", (error: Error) => protocol.destroy(error));
  protocol.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") log.warn({ err: error }, "stdout failed");
  });
  return protocol;
}

/** Why a server ends before its client has left. */
export interface Stop {
  /** 0 after a signal, 1 after an uncaught exception. */
  exitCode: 0 | 1;
  reason: string;
}

/** Time for an orderly end after an uncaught exception, in ms: what it broke may never come to an end. */
const BROKEN_MS = 10_000;

/**
 * Resolves at the first SIGTERM, SIGINT or uncaught exception; a second signal ends the process at once. Nobody knows
 * what an uncaught exception left half done, so serving ends; but calls in flight are answered, stores are closed, and
 * what was thrown is one line of the log, scrubbed as any.
 */
export function untilStopped(log: Log): Promise<Stop> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: "SIGTERM" | "SIGINT"): void => {
      signals += 1;
      // 128 + the signal's number: what a shell reports for a process that the signal itself ended.
      if (signals > 1) process.exit(signal === "SIGTERM" ? 143 : 130);
      log.info({ signal }, "stopping: calls in flight may finish; a second signal ends them");
      resolve({ exitCode: 0, reason: "a signal" });
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    let broken = false;
    process.on("uncaughtException", (error: unknown) => {
      // A timer that throws each second says so once.
      if (broken) return;
      broken = true;
      log.error({ err: error }, "uncaught exception: the server stops");
      setTimeout(() => process.exit(1), BROKEN_MS).unref();
      resolve({ exitCode: 1, reason: "an uncaught exception" });
    });
    // An unhandled rejection is a bug to be logged, not a reason to end every client's session.
    process.on("unhandledRejection", (reason) => log.error({ err: reason }, "unhandled rejection"));
  });
}
