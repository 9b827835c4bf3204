// Nothing is kept for a client before its handshake is good, and no crowd of handshakes shuts others out.
import { Agent } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialize, type Json, toolCall } from "../fixtures/raw.ts";
import { type Field, MIB, messagesOf, openSession, type SendOptions, send, startField, until } from "./field.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";
const ROUNDS = LONG ? 8_000 : 1_500;

const good = initialize(1);
const without = (...path: string[]): Json => {
  const copy: Json = structuredClone(good);
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key];
  delete at[path.at(-1) as string];
  return copy;
};
const replaced = (params: object): Json => ({ ...good, params: { ...good.params, ...params } });

/** Handshakes that are wrong, each in a way of its own, and none that a session may come of. */
const WRONG: [string, unknown, SendOptions?][] = [
  ["no params", without("params")],
  ["empty params", { ...good, params: {} }],
  ["params: null", { ...good, params: null }],
  ["params: []", { ...good, params: [] }],
  ["no version", without("params", "protocolVersion")],
  ["no capabilities", without("params", "capabilities")],
  ["no clientInfo", without("params", "clientInfo")],
  ["no name", without("params", "clientInfo", "name")],
  ["version: 1", replaced({ protocolVersion: 1 })],
  ["version: null", replaced({ protocolVersion: null })],
  ["version: {}", replaced({ protocolVersion: {} })],
  ["capabilities: []", replaced({ capabilities: [] })],
  ["capabilities: text", replaced({ capabilities: "all" })],
  ["clientInfo: text", replaced({ clientInfo: "me" })],
  ["name: 1", replaced({ clientInfo: { name: 1, version: "1" } })],
  ["a notification", without("id")],
  ["a notification without params", { jsonrpc: "2.0", method: "initialize" }],
  ["a batch", [good]],
  ["a batch of two", [good, { ...good, id: 2 }]],
  ["Accept: application/json", good, { headers: { accept: "application/json" } }],
  ["Accept: text/event-stream", good, { headers: { accept: "text/event-stream" } }],
  ["Accept: */html", good, { headers: { accept: "text/html" } }],
  ["a header of another version", good, { headers: { "mcp-protocol-version": "1999-01-01" } }],
  ["a session that is not there", good, { headers: { "mcp-session-id": "00000000-0000-4000-8000-000000000000" } }],
  ["an initialized without a session", { jsonrpc: "2.0", method: "notifications/initialized" }],
  ["a call without a session", toolCall(1, "echo", { text: "x" })],
];

describe("handshakes that fail", () => {
  let field: Field;
  let url: URL;
  beforeAll(async () => {
    field = startField("http", 64);
    url = await field.url();
  });
  afterAll(() => field[Symbol.asyncDispose]());

  test.each(WRONG)("%s opens no session", async (_title, body, options) => {
    const reply = await send(url, body, options);
    expect(reply.headers["mcp-session-id"]).toBeUndefined();
    // A version that nobody knows is negotiated where it is a text; all of these are refused.
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.messages[0]?.error ?? reply.text).toBeTruthy();
  });

  test("thousands of each leave nothing in the heap, and the next client is served", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const heap = async (): Promise<number> => {
      const headers = await openSession(url);
      const { messages } = await send(url, toolCall(1, "heap"), { headers });
      await send(url, undefined, { method: "DELETE", headers });
      return messages[0].result.structuredContent.used;
    };
    const flood = async (rounds: number): Promise<void> => {
      let sent = 0;
      const worker = async (): Promise<void> => {
        for (let index = sent++; index < rounds; index = sent++) {
          const [, body, options] = WRONG[index % WRONG.length] as (typeof WRONG)[number];
          await send(url, body, { ...options, agent });
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    };
    await flood(200);
    const before = await heap();
    await flood(ROUNDS);
    const after = await heap();
    agent.destroy();
    if (process.env.OFFSHOOT_CURVES)
      process.stderr.write(`  heap ${(before / MIB).toFixed(1)} → ${(after / MIB).toFixed(1)} MiB after ${ROUNDS}\n`);
    expect(after - before).toBeLessThan(2 * MIB);
    expect(field.alive()).toBe(true);
  }, 120_000);
});

describe("handshakes that are good, by the thousand", () => {
  test("a flood of them leaves room for another client, for one that works already, and for a call in flight", async () => {
    // With a small young generation it has room for some 540 sessions, and these are more.
    await using field = startField("http", 64, [], ["--max-semi-space-size=1"]);
    const url = await field.url();
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const early = await openSession(url, { localAddress: "127.0.0.2" });
    expect((await send(url, toolCall(1, "echo", { text: "early" }), { headers: early })).status).toBe(200);
    const busy = await openSession(url, { capabilities: { elicitation: {} } });
    let heard = "";
    const onText = (piece: string): void => {
      heard += piece;
    };
    // It is in flight until its question is answered.
    const answer = send(url, toolCall(1, "ask"), { headers: busy, onText });
    await until(() => heard.includes("elicitation/create"));
    let refused = 0;
    const worker = async (): Promise<void> => {
      for (let index = 0; index < (LONG ? 500 : 100); index += 1) {
        const { status, headers } = await send(url, initialize(1), { agent });
        if (status !== 200) refused += 1;
        if (status === 503) expect(headers["retry-after"]).toMatch(/^\d+$/);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    agent.destroy();
    expect(refused).toBe(0);
    // The one that was there first, of another address, is there still; and another comes in.
    expect((await send(url, toolCall(2, "echo", { text: "still" }), { headers: early })).status).toBe(200);
    const late = await openSession(url, { localAddress: "127.0.0.3" });
    expect((await send(url, toolCall(1, "echo", { text: "late" }), { headers: late })).status).toBe(200);
    const accepted = { action: "accept", content: { sure: true } };
    await send(url, { jsonrpc: "2.0", id: messagesOf(heard)[0].id, result: accepted }, { headers: busy });
    expect((await answer).messages.at(-1)).toMatchObject({
      id: 1,
      result: { structuredContent: { action: "accept" } },
    });
    expect(field.alive()).toBe(true);
  }, 120_000);
});
