import { constants } from "node:os";

/** As a shell tells what a signal ended, and by way of `exit`: what is half made there is taken away. */
const leave = (signal: NodeJS.Signals): never => process.exit(128 + constants.signals[signal]);

/** Says which step begins. */
type OnStep = (step: string) => void;

/**
 * Shows on stderr what takes a moment, its steps, and what came of it: a spinner where there is a terminal, a line each
 * elsewhere, nothing when `quiet`.
 */
export async function withProgress<T>(title: string, quiet: boolean, work: (onStep: OnStep) => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, leave);
  try {
    return await show(title, quiet, work);
  } finally {
    for (const signal of signals) process.off(signal, leave);
  }
}

async function show<T>(title: string, quiet: boolean, work: (onStep: OnStep) => Promise<T>): Promise<T> {
  if (quiet) return work(() => {});
  if (!process.stderr.isTTY) {
    const say: OnStep = (step) => process.stderr.write(`${step} …\n`);
    say(title);
    return work(say);
  }
  const { spinner } = await import("@clack/prompts");
  const line = spinner({ output: process.stderr });
  line.start(title);
  // It takes the keys, and Ctrl+C would end this as a success and nothing that this has started.
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  try {
    const result = await work((step) => line.message(step));
    line.stop(title);
    return result;
  } catch (error) {
    line.error(title);
    throw error;
  }
}
