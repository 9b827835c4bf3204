// A cancellation frees all that its call held: the stream, the id, the place.

import { setTimeout as sleep } from "node:timers/promises";
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialize, META, toolCall } from "../fixtures/raw.ts";
import { type Field, openSession, send, startField } from "./field.ts";

/** Ten calls each: by default twice as many as there are places. */
const ROUNDS = process.env.OFFSHOOT_LONG === "1" ? 30 : 5;

const cancel = (requestId: unknown) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason: "enough" },
});

describe("http-2025", () => {
  let field: Field;
  let url: URL;
  beforeAll(async () => {
    field = startField("http", 96);
    url = await field.url();
  });
  afterAll(() => field[Symbol.asyncDispose]());
  /** A call that is being answered. */
  const begin = async (id: number | string, headers: Record<string, string>) => {
    let began = (): void => {};
    const head = new Promise<void>((resolve) => {
      began = resolve;
    });
    const call = send(url, toolCall(id, "slow", { ms: 60_000 }), { headers, onHead: began });
    await head;
    return { call };
  };

  test.each([1, 0, "", "0", "x", -7])("a cancelled call of the id %j ends its stream without an answer", async (id) => {
    const headers = await openSession(url);
    const { call } = await begin(id, headers);
    expect((await send(url, cancel(id), { headers })).status).toBe(202);
    expect((await call).messages).toEqual([]);
    // The id is free, and so is the place.
    const again = await send(url, toolCall(id, "echo", { text: "again" }), { headers });
    expect(again.messages).toMatchObject([{ id, result: { structuredContent: { text: "again" } } }]);
  });

  test.each([7, "7", ""])(
    "a cancellation that overtakes the call %j, as on another connection it may, cancels it",
    async (id) => {
      const headers = await openSession(url);
      expect((await send(url, cancel(id), { headers })).status).toBe(202);
      expect((await send(url, toolCall(id, "slow", { ms: 60_000 }), { headers })).messages).toEqual([]);
      expect((await send(url, toolCall(8, "echo", { text: "8" }), { headers })).messages).toMatchObject([{ id: 8 }]);
    },
  );

  test("a cancellation of an answered call leaves a later one alone, whose client uses the id again", async () => {
    const headers = await openSession(url);
    for (let time = 0; time < 2; time += 1) {
      const { messages } = await send(url, toolCall("same", "echo", { text: "x" }), { headers });
      expect(messages).toMatchObject([{ id: "same" }]);
      await send(url, cancel("same"), { headers });
    }
  });

  test.each([
    ["numbers", [1, 2, 3, 4, 5, 6]],
    ["texts", ["a", "b", "c", "1", "2", ""]],
  ] as [string, (number | string)[]][])(
    "in whatever order calls with %s and their cancellations arrive, each cancelled call ends without an answer",
    async (_kind, ids) => {
      const arrivals = fc.shuffledSubarray(
        ids.flatMap((id) => [{ id }, { id, cancels: true }]),
        { minLength: 2 * ids.length },
      );
      await fc.assert(
        fc.asyncProperty(arrivals, async (order) => {
          const headers = await openSession(url);
          const calls: Promise<{ messages: unknown[] }>[] = [];
          for (const { id, cancels } of order as { id: number | string; cancels?: true }[]) {
            if (cancels) await send(url, cancel(id), { headers });
            else calls.push((await begin(id, headers)).call);
          }
          for (const call of calls) expect((await call).messages).toEqual([]);
        }),
        { numRuns: 15 },
      );
    },
  );

  test("a thousand cancelled calls leave room for the next", async () => {
    const headers = await openSession(url);
    let next = 1;
    const worker = async (): Promise<void> => {
      for (let id = next++; id <= 1_000; id = next++) {
        const { call } = await begin(id, headers);
        await send(url, cancel(id), { headers });
        const { messages } = await call;
        // Ended by the cancellation, or refused because no place was free.
        for (const { error } of messages) expect(error).toMatchObject({ code: 4290 });
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    const { messages } = await send(url, toolCall(5_000, "echo", { text: "next" }), { headers });
    expect(messages).toMatchObject([{ id: 5_000, result: { structuredContent: { text: "next" } } }]);
  }, 120_000);

  test.each(["SDK 1", "SDK 2"])(
    `${10 * ROUNDS} calls aborted by the official client of %s, then a normal one`,
    async (sdk) => {
      await using field = startField("http", 96);
      const url = await field.url();
      const client =
        sdk === "SDK 1"
          ? new Client1({ name: "aborts", version: "1" })
          : new Client2({ name: "aborts", version: "1" }, { versionNegotiation: { mode: "legacy" } } as never);
      await client.connect((sdk === "SDK 1" ? new Http1(url) : new Http2(url)) as never);
      const aborted = async (): Promise<void> => {
        const abort = new AbortController();
        const request = { name: "slow", arguments: { ms: 60_000 } };
        const call = (
          sdk === "SDK 1"
            ? (client as Client1).callTool(request, undefined, { signal: abort.signal })
            : (client as Client2).callTool(request, { signal: abort.signal })
        ).then(
          () => "answered",
          () => "aborted",
        );
        await sleep(5);
        abort.abort();
        expect(await call).toBe("aborted");
      };
      for (let round = 0; round < ROUNDS; round += 1) await Promise.all(Array.from({ length: 10 }, aborted));
      // The last cancellations may still be on their way, each in a request of its own.
      const normal = async (): Promise<unknown> => {
        try {
          return (await client.callTool({ name: "echo", arguments: { text: "normal" } })).structuredContent;
        } catch (error) {
          return String(error);
        }
      };
      await expect.poll(normal, { timeout: 50_000, interval: 500 }).toEqual({ text: "normal" });
      await client.close();
    },
    120_000,
  );
});

describe.each(["2025", "2026"])("stdio-%s", (era) => {
  const meta = era === "2026" ? META : undefined;
  const open = async (field: Field): Promise<void> => {
    field.write(
      meta === undefined
        ? initialize(77)
        : { jsonrpc: "2.0", id: 77, method: "server/discover", params: { _meta: meta } },
    );
    await field.lines.id(77);
  };

  test("cancelled calls of any id free it", async () => {
    await using field = startField("stdio", 256);
    await open(field);
    for (const id of [1, 0, "", "0", "x", -7]) {
      field.write(toolCall(id, "slow", { ms: 20_000 }, meta));
      field.write(toolCall(99, "slow", { ms: 100 }, meta));
      await field.lines.next((line) => line.id === 99);
      field.lines.all.length = 0;
      field.write(cancel(id), toolCall(98, "echo", { text: "a turn later" }, meta));
      await field.lines.id(98);
      field.write(toolCall(id, "echo", { text: "again" }, meta));
      expect(await field.lines.id(id)).toMatchObject({ result: { structuredContent: { text: "again" } } });
      expect(field.lines.all.map((line) => line.id)).toEqual([98, id]);
      field.lines.all.length = 0;
    }
  });

  test("an id that is cancelled and used again in one chunk: the second is refused, and neither runs as the other", async () => {
    await using field = startField("stdio", 256);
    await open(field);
    field.write(toolCall(1, "echo", { text: "first" }, meta), cancel(1), toolCall(1, "echo", { text: "second" }, meta));
    field.write(toolCall(2, "echo", { text: "after" }, meta));
    await field.lines.id(2);
    field.write(toolCall(3, "echo", { text: "last" }, meta));
    await field.lines.id(3);
    const answers = field.lines.all.filter(({ id, method }) => id === 1 && method === undefined);
    expect(answers).toMatchObject([{ error: { code: -32_600, message: expect.stringContaining("Duplicate id") } }]);
  });

  test("a thousand cancelled calls leave room for the next", async () => {
    await using field = startField("stdio", 96);
    await open(field);
    for (let id = 1; id <= 1_000; id += 1) field.write(toolCall(id, "slow", { ms: 60_000 }, meta), cancel(id));
    field.write(toolCall(5_000, "echo", { text: "next" }, meta));
    expect(await field.lines.id(5_000)).toMatchObject({ result: { structuredContent: { text: "next" } } });
  });
});
