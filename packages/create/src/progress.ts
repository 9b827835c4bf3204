import { constants } from "node:os";

/** As a shell tells what a signal ended, and by way of `exit`: what is half made there is taken away. */
const leave = (signal: NodeJS.Signals): never => process.exit(128 + constants.signals[signal]);

/** Shows on stderr what takes a moment, and what came of it; a spinner where there is a terminal. */
export async function during<T>(title: string, quiet: boolean, work: () => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, leave);
  try {
    return await shown(title, quiet, work);
  } finally {
    for (const signal of signals) process.off(signal, leave);
  }
}

async function shown<T>(title: string, quiet: boolean, work: () => Promise<T>): Promise<T> {
  if (quiet) return work();
  if (!process.stderr.isTTY) {
    process.stderr.write(`${title} …\n`);
    return work();
  }
  const { spinner } = await import("@clack/prompts");
  const line = spinner({ output: process.stderr });
  line.start(title);
  // It takes the keys, and Ctrl+C would end this as a success and nothing that this has started.
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  try {
    const result = await work();
    line.stop(title);
    return result;
  } catch (error) {
    line.error(title);
    throw error;
  }
}
