import { execFile } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { cpuOf, rssOf } from "./accounting.ts";
import type { Arm } from "./arms.ts";
import { start } from "./client.ts";
import { callTools, checkRest, listTools } from "./conversation.ts";

/** What one run of one arm gave; `undefined` where this system does not say. */
export type Sample = Record<string, number | undefined>;

/** Calls before the first that counts: a Node server is several times slower until its compiler has run. */
export const WARM_UP = 6_000;
/** Starts of one arm in one round, of which the median counts: a start is short, and its noise is large. */
const STARTS = 3;
/** Time for what a server still does behind its last answer, in ms. Idle time is not counted. */
export const SETTLE_MS = 30;

/**
 * A server under load: µs of its CPU time per call, calls/s, and MB of memory afterwards. `later` is the CPU time of as many
 * calls twice behind those, when Node's compiler has come to rest.
 */
export async function measureCalls(arm: Arm, calls: number): Promise<Sample> {
  const client = start(arm.args);
  try {
    await listTools(client, arm);
    await checkRest(client, arm);
    await callTools(client, arm, 10, WARM_UP);
    await wait(SETTLE_MS);
    const cpuBefore = cpuOf(client.pid);
    const startedAt = performance.now();
    await callTools(client, arm, 10 + WARM_UP, calls);
    const ms = performance.now() - startedAt;
    await wait(SETTLE_MS);
    const cpuBetween = cpuOf(client.pid);
    const rss = rssOf(client.pid);
    await callTools(client, arm, 10 + WARM_UP + calls, 2 * calls);
    await wait(SETTLE_MS);
    return {
      cpu: difference(cpuBetween, cpuBefore, 1_000 / calls),
      later: difference(cpuOf(client.pid), cpuBetween, 1_000 / (2 * calls)),
      rate: (calls * 1_000) / ms,
      rss,
    };
  } finally {
    await client.end();
  }
}

/** A server's start: ms from spawn to the answer to tools/list, and its CPU time until then in ms. */
export async function measureStart(arm: Arm): Promise<Sample> {
  const times: number[] = [];
  const cpus: number[] = [];
  for (let run = 0; run < STARTS; run += 1) {
    const startedAt = performance.now();
    const client = start(arm.args);
    try {
      await listTools(client, arm);
      times.push(performance.now() - startedAt);
      const cpu = cpuOf(client.pid);
      if (cpu !== undefined) cpus.push(cpu);
    } finally {
      await client.end();
    }
  }
  return { time: median(times), cpu: cpus.length === 0 ? undefined : median(cpus) };
}

/** µs of CPU that a call takes within a process, by the process's own account: see feed.ts. */
export async function measurePieces(arm: Arm): Promise<Sample> {
  const { stdout } = await promisify(execFile)(process.execPath, [...arm.args]);
  return { cpu: Number(stdout) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

export function difference(after: number | undefined, before: number | undefined, factor: number): number | undefined {
  return after === undefined || before === undefined ? undefined : (after - before) * factor;
}
