import assert from "node:assert/strict";
import { cpuOf } from "./accounting.ts";
import type { Client } from "./client.ts";
import { median } from "./measure.ts";

/** A server that takes its turn at one piece of work. */
export interface Turn {
  name: string;
  client: Client;
  /** Makes one of its calls. */
  call(at: number): Promise<void>;
}

/** Calls one tool after the other. @throws AssertionError for an answer that is an error */
export function caller(client: Client) {
  let id = 10;
  return async (name: string, args: object): Promise<void> => {
    id += 1;
    const result = await client.request(id, "tools/call", { name, arguments: args });
    assert.ok(result.isError !== true, JSON.stringify(result.content));
  };
}

/** The handshake of the 2025 era, which all of them speak. */
export async function greet(client: Client): Promise<void> {
  const clientInfo = { name: "bench", version: "1.0.0" };
  await client.request(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  client.send({ method: "notifications/initialized" });
}

/**
 * Has servers take turns of a few calls each, so that a machine that is busy for a moment is busy for all.
 *
 * @returns a line for each: µs of its CPU and of time a call, and both as ratios to the first, medians of the rounds
 */
export async function inTurns(what: string, turns: readonly Turn[], rounds: number, calls: number): Promise<string[]> {
  const cpu = turns.map(() => [] as number[]);
  const time = turns.map(() => [] as number[]);
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, { client, call }] of turns.entries()) {
      const [cpuBefore, startedAt] = [cpuOf(client.pid) ?? 0, performance.now()];
      for (let at = 0; at < calls; at += 1) await call(round * calls + at);
      // The first round warms up.
      if (round < 0) continue;
      time[index]?.push(((performance.now() - startedAt) * 1_000) / calls);
      cpu[index]?.push((((cpuOf(client.pid) ?? 0) - cpuBefore) * 1_000) / calls);
    }
  }
  const ratio = (of: number[][], index: number): string =>
    median((of[index] as number[]).map((value, round) => value / (of[0]?.[round] as number))).toFixed(2);
  return turns.map(
    ({ name }, index) =>
      `${what}, ${name}: CPU ${ratio(cpu, index)} (${Math.round(median(cpu[index] as number[]))} µs), ` +
      `time ${ratio(time, index)} (${Math.round(median(time[index] as number[]))} µs)`,
  );
}
