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

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function untilStopped(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: "SIGTERM" | "SIGINT"): void => {
      signals += 1;
      // 128 + the signal's number: what a shell reports for a process that the signal itself ended.
      if (signals > 1) process.exit(signal === "SIGTERM" ? 143 : 130);
      log.info({ signal }, "stopping: calls in flight may finish; a second signal ends them");
      resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    // An unhandled rejection is a bug to be logged, not a reason to end every client's session.
    process.on("unhandledRejection", (reason) =>
      log.error({ err: reason instanceof Error ? reason : new Error(String(reason)) }, "unhandled rejection"),
    );
  });
}
