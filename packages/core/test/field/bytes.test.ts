// Places are counted in bytes: whatever is sent at once or never read, a small heap does not end.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { initialize, type Json, toolCall } from "../fixtures/raw.ts";
import {
  type Field,
  type FieldWire,
  metaOf,
  modernHeaders,
  openSession,
  postUnread,
  send,
  startField,
  until,
  WIRES,
} from "./field.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";
const HEAPS = LONG ? [64, 96, 256] : [64];
const MB = 1_000_000;
/** Calls of a client that never reads, each of 3 MB, and as many of 2 MB. */
const UNREAD = LONG ? 100 : 25;

/** Sends all of these at once, and gives what came back: every answer, or the HTTP status of a refusal. */
async function burst(wire: FieldWire, field: Field, calls: Json[]): Promise<Json[]> {
  if (wire.startsWith("stdio")) {
    if (metaOf(wire) === undefined && field.lines.all.length === 0) {
      field.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
      await field.lines.id(0);
    }
    const before = field.lines.all.length;
    for (const call of calls) field.write(call);
    await until(() => field.lines.all.length >= before + calls.length || !field.alive());
    return field.lines.all.slice(before);
  }
  const url = await field.url();
  const session = metaOf(wire) === undefined ? await openSession(url) : undefined;
  const one = async (call: Json): Promise<Json> => {
    try {
      const { status, messages, headers } = await send(url, call, { headers: session ?? modernHeaders(call) });
      const answer = messages.find(({ method }) => method === undefined);
      if (answer !== undefined && status !== 503) return answer;
      return { id: call.id, error: { code: status, retryAfter: headers["retry-after"] } };
    } catch (error) {
      return { id: call.id, lost: String(error) };
    }
  };
  return Promise.all(calls.map(one));
}

/** Each id once; a result, or a refusal that says when to come back. */
function check(answers: Json[], calls: Json[], field: Field): void {
  expect(field.alive()).toBe(true);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(calls.length);
  const refused = answers.filter(({ result }) => result === undefined);
  for (const { error, lost } of refused) {
    expect(lost).toBeUndefined();
    if (error.code === 503) expect(Number(error.retryAfter)).toBeGreaterThan(0);
    else expect(error).toMatchObject({ code: 4290, data: { retryAfterMs: expect.any(Number) } });
  }
  expect(refused.length).toBeLessThan(calls.length);
  if (process.env.OFFSHOOT_CURVES)
    process.stderr.write(`  ${calls.length - refused.length} of ${calls.length} served\n`);
}

const call = (wire: FieldWire, id: number, ms: number, text: string) =>
  toolCall(id, "slow", { ms, text }, metaOf(wire));
const result = (wire: FieldWire, id: number, ms: number) => toolCall(id, "big", { bytes: 3 * MB, ms }, metaOf(wire));
const LOADS: [string, (wire: FieldWire, id: number) => Json][] = [
  [`${LONG ? 300 : 60} calls of 1 MB`, (wire, id) => call(wire, id, 300, "x".repeat(MB))],
  [`${LONG ? 100 : 30} results of 3 MB, ready together`, (wire, id) => result(wire, id, 300)],
];
if (LONG)
  LOADS.push(
    ["100 calls of 4 MB", (wire, id) => call(wire, id, 50, "é".repeat(2 * MB))],
    ["100 results of 3 MB", (wire, id) => result(wire, id, 0)],
  );

describe.each(HEAPS)("with an old space of %i MiB", (heap) => {
  describe.each(WIRES)("%s", (wire) => {
    // Each load on both transports and in both eras, and with OFFSHOOT_LONG=1 on every wire.
    const isEven = wire === "stdio-2025" || wire === "http-2026";
    test.each(LOADS.filter((_load, index) => LONG || (index % 2 === 0) === isEven))(
      "%s at once: served or told to come back, and served after",
      async (title, make) => {
        await using field = startField(wire.startsWith("stdio") ? "stdio" : "http", heap);
        const calls = Array.from({ length: Number.parseInt(title, 10) }, (_item, index) => make(wire, index + 1));
        check(await burst(wire, field, calls), calls, field);
        const [after] = await burst(wire, field, [toolCall(9_999, "echo", { text: "after" }, metaOf(wire))]);
        expect(after).toMatchObject({ id: 9_999, result: { structuredContent: { text: "after" } } });
      },
      120_000,
    );
  });

  test.each(["http-2025", "http-2026"] as const)(
    "%s: connections that ask for 8 MB and never read hold little, and others are served",
    async (wire) => {
      await using field = startField("http", heap);
      const url = await field.url();
      const session = metaOf(wire) === undefined ? await openSession(url) : undefined;
      const sockets = Array.from({ length: LONG ? 150 : 60 }, (_item, index) => {
        const call = toolCall(index + 1, "big", { bytes: 4 * MB }, metaOf(wire));
        return postUnread(url, call, session ?? modernHeaders(call));
      });
      // Someone who reads comes in, soon: not only after the last of those has been given up.
      const mine = metaOf(wire) === undefined ? await openSession(url) : undefined;
      let tries = 0;
      for (;;) {
        const call = toolCall(10_000 + tries, "echo", { text: "me" }, metaOf(wire));
        const { messages } = await send(url, call, { headers: mine ?? modernHeaders(call) });
        if (messages[0]?.result !== undefined) break;
        tries += 1;
        expect(field.alive()).toBe(true);
        await sleep(200);
      }
      for (const socket of sockets) socket.destroy();
      expect(field.alive()).toBe(true);
      expect(field.peak()).toBeLessThan(400);
    },
    120_000,
  );

  describe.each(WIRES)("%s", (wire) => {
    test.each(LONG ? [6, 12, 50] : [12])(
      "a result of %i MB is refused with what to do, and the server goes on",
      async (size) => {
        await using field = startField(wire.startsWith("stdio") ? "stdio" : "http", heap);
        for (const [id, name] of ["big", "big_block", "big_tree"].entries()) {
          const [answer] = await burst(wire, field, [toolCall(id + 1, name, { bytes: size * MB }, metaOf(wire))]);
          expect(field.alive()).toBe(true);
          expect(answer).toMatchObject({ id: id + 1, result: { isError: true } });
          expect(answer?.result.content[0].text).toMatch(/more than the \d+ bytes that fit. Ask for less/);
        }
      },
      60_000,
    );
  });

  test("errors with a text of 12 MB, one after another: each is masked, and none is kept", async () => {
    await using field = startField("stdio", heap);
    for (let id = 1; id <= 8; id += 1) {
      field.write(toolCall(id, "fault", { bytes: 12 * MB }, metaOf("stdio-2026")));
      await until(() => field.lines.all.length >= id || !field.alive());
      expect(field.alive()).toBe(true);
      expect(field.lines.all.at(-1)).toMatchObject({ id, result: { isError: true } });
    }
  }, 120_000);

  test.each(["stdio-2025", "stdio-2026"] as const)(
    "%s: a client that never reads holds little",
    async (wire) => {
      await using field = startField("stdio", heap);
      if (metaOf(wire) === undefined) {
        field.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
        await field.lines.id(0);
      }
      field.child.stdout?.pause();
      const meta = metaOf(wire);
      for (let id = 1; id <= UNREAD; id += 1) {
        field.write(toolCall(id, "big", { bytes: 3 * MB, ms: 20 }, meta));
        field.write(
          toolCall(
            id + 1_000,
            "say",
            { count: 100, bytes: 20_000 },
            meta && { ...meta, "io.modelcontextprotocol/logLevel": "debug" },
          ),
        );
      }
      await field.idle();
      expect(field.alive()).toBe(true);
      field.child.stdout?.resume();
      // What was not begun is told so; nothing that was asked stays without an answer.
      await until(() => answeredIds(field).size >= 2 * UNREAD || !field.alive());
      expect(field.alive()).toBe(true);
    },
    120_000,
  );
});

const answeredIds = (field: Field): Set<number> =>
  new Set(field.lines.all.filter(({ id, method }) => method === undefined && id > 0).map(({ id }) => id));
