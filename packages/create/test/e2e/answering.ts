import type { ChildProcess } from "node:child_process";

/** Waits until a server answers well that was just started: `false` when it has ended, or these seconds have. */
export async function isUp(server: ChildProcess, url: string, seconds: number): Promise<boolean> {
  for (let tries = 0; !(await fetch(url).catch(() => undefined))?.ok; tries += 1) {
    if (tries > seconds * 10 || server.exitCode !== null) return false;
    await new Promise((wait) => setTimeout(wait, 100));
  }
  return true;
}
