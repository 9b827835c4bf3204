// A client that reads is never cut, however fast the server writes; what is written for one that does not is bounded.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialize, type Json, META, toolCall } from "../fixtures/raw.ts";
import {
  type Field,
  type FieldWire,
  metaOf,
  modernHeaders,
  openSession,
  openWire,
  postUnread,
  send,
  startField,
  until,
  WIRES,
} from "./field.ts";

describe.each(WIRES)("%s", (wire) => {
  const kind = wire.startsWith("stdio") ? "stdio" : "http";
  let field: Field;
  let client: Awaited<ReturnType<typeof openWire>>;
  let ids = 0;
  beforeAll(async () => {
    field = startField(kind, 96);
    client = await openWire(wire, field);
  });
  afterAll(() => field[Symbol.asyncDispose]());

  /** Every message that came because of one call, its answer last. */
  const heardOf = async (name: string, input: object, more: object = {}): Promise<Json[]> => {
    ids += 1;
    const message = toolCall(ids, name, input, { ...metaOf(wire), progressToken: `p${ids}`, ...more });
    if (kind === "stdio") {
      const before = field.lines.all.length;
      field.write(message);
      await field.lines.id(ids);
      return field.lines.all.slice(before);
    }
    const url = await field.url();
    const headers = wire === "http-2025" ? await openSession(url) : modernHeaders(message);
    return (await send(url, message, { headers })).messages;
  };

  test.each([
    ["in one go", 0],
    ["a few a turn", 50],
  ])("3,000 reports of progress, %s, and then the result", async (_title, every) => {
    const messages = await heardOf("progress", { count: 3_000, every });
    expect(messages.at(-1)).toMatchObject({ id: ids, result: { structuredContent: { done: 3_000 } } });
    // Rising, each once, and none of them null. All, since the client reads.
    const reports = messages.filter(({ method }) => method === "notifications/progress");
    expect(reports.map(({ params }) => params.progress)).toEqual(Array.from({ length: 3_000 }, (_item, at) => at + 1));
    expect(field.stderr()).not.toContain("client cut");
  });

  test("15 MB of log messages to a client that reads are no reason to cut it", async () => {
    const messages = await heardOf(
      "say",
      { count: 1_500, bytes: 10_000 },
      { "io.modelcontextprotocol/logLevel": "debug" },
    );
    expect(messages.at(-1)).toMatchObject({ result: { structuredContent: { done: 1_500 } } });
  });

  test("progress that is no number, or a log level that is none, is not sent, and the call goes on", async () => {
    const messages = await heardOf("nan", {}, { "io.modelcontextprotocol/logLevel": "debug" });
    const reports = messages.filter(({ method }) => method === "notifications/progress");
    expect(reports.map(({ params }) => params)).toEqual([{ progressToken: `p${ids}`, progress: 1, total: 2 }]);
    const logged = messages.filter(({ method }) => method === "notifications/message");
    expect(logged.map(({ params }) => params.data)).toEqual(["real"]);
    expect(messages.at(-1)).toMatchObject({ id: ids, result: { structuredContent: { done: 1 } } });
    await field.until((stderr) => stderr.includes("progress not sent"));
  });

  test("a subscriber of a file hears of it while 4,000 files change, and is not cut", async () => {
    const heard = await subscribe(wire, field, client, ["file:///1", "file:///3999"]);
    const { call } = heard;
    expect(await call("touch", { rounds: 5, files: 4_000 })).toMatchObject({ done: 20_000 });
    await until(() => heard.uris().includes("file:///3999"));
    // Still there: the next change is heard too.
    const before = heard.uris().length;
    await call("touch", { rounds: 1, files: 2 });
    await until(() => heard.uris().length > before);
    expect(field.stderr()).not.toContain("client cut");
    heard.end();
  }, 60_000);
});

async function subscribe(wire: FieldWire, field: Field, client: Awaited<ReturnType<typeof openWire>>, uris: string[]) {
  const heard: Json[] = [];
  let rest = "";
  const take = (piece: string): void => {
    const events = (rest + piece).split("\n\n");
    rest = events.pop() as string;
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data !== undefined) heard.push(JSON.parse(data));
    }
  };
  const found = (messages: Json[]): string[] =>
    messages.filter(({ method }) => method === "notifications/resources/updated").map(({ params }) => params.uri);
  const notifications = { resourceSubscriptions: uris, resourcesListChanged: true };
  const listen = {
    jsonrpc: "2.0",
    id: "listen",
    method: "subscriptions/listen",
    params: { _meta: META, notifications },
  };
  let calls = 100;
  const call = async (name: string, input: object) => {
    calls += 1;
    return (await client.call(calls, name, input)).result.structuredContent;
  };
  if (wire === "stdio-2026") {
    field.write(listen);
    await field.lines.next(({ method }) => method === "notifications/subscriptions/acknowledged");
  }
  if (wire === "stdio-2025") {
    for (const [index, uri] of uris.entries()) {
      field.write({ jsonrpc: "2.0", id: 50 + index, method: "resources/subscribe", params: { uri } });
      await field.lines.id(50 + index);
    }
  }
  if (wire.startsWith("stdio")) return { call, uris: () => found(field.lines.all), end() {} };
  const url = await field.url();
  const abort = new AbortController();
  if (wire === "http-2026") {
    send(url, listen, { headers: modernHeaders(listen), signal: abort.signal, onText: take }).catch(() => {});
    await until(() => heard.length > 0);
  } else {
    const headers = await openSession(url);
    send(url, undefined, { method: "GET", headers, signal: abort.signal, onText: take }).catch(() => {});
    for (const [index, uri] of uris.entries()) {
      const message = { jsonrpc: "2.0", id: 50 + index, method: "resources/subscribe", params: { uri } };
      expect((await send(url, message, { headers })).messages).toMatchObject([{ result: {} }]);
    }
  }
  return { call, uris: () => found(heard), end: () => abort.abort() };
}

test.each(["http-2025", "http-2026"] as const)(
  "%s: streams that nobody reads hold little while files change, and the changes of one URI are one",
  async (wire) => {
    await using field = startField("http", 64);
    const url = await field.url();
    const uris = Array.from({ length: 100 }, (_item, index) => `file:///${index}`);
    const sockets = [];
    for (let index = 0; index < 30; index += 1) {
      if (wire === "http-2026") {
        const message = {
          jsonrpc: "2.0",
          id: index,
          method: "subscriptions/listen",
          params: { _meta: META, notifications: { resourceSubscriptions: uris } },
        };
        sockets.push(postUnread(url, message, modernHeaders(message)));
      } else {
        const headers = await openSession(url);
        for (const [id, uri] of uris.slice(0, 10).entries())
          await send(url, { jsonrpc: "2.0", id: id + 1, method: "resources/subscribe", params: { uri } }, { headers });
        const { connect } = await import("node:net");
        const socket = connect(Number(url.port), url.hostname);
        socket.pause();
        const lines = Object.entries({ host: url.host, accept: "text/event-stream", ...headers });
        socket.write(`GET /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
        sockets.push(socket);
      }
    }
    await sleep(300);
    const client = await openWire(wire, field);
    const rounds = process.env.OFFSHOOT_LONG === "1" ? 40 : 12;
    for (let round = 0; round < 4; round += 1) await client.call(200 + round, "touch", { rounds, files: 100 });
    const heap = await client.call(300, "heap", {});
    for (const socket of sockets) socket.destroy();
    expect(field.alive()).toBe(true);
    const { used, external } = heap.result.structuredContent;
    expect(used + external).toBeLessThan(60_000_000);
  },
  120_000,
);

test("stdio: a client that stops reading in the middle of progress gets the result when it reads again", async () => {
  await using field = startField("stdio", 64);
  field.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
  await field.lines.id(0);
  field.child.stdout?.pause();
  field.write(toolCall(1, "progress", { count: 200_000, every: 500 }, { progressToken: 1 }));
  await field.idle();
  expect(field.alive()).toBe(true);
  field.child.stdout?.resume();
  expect(await field.lines.id(1)).toMatchObject({ result: { structuredContent: { done: 200_000 } } });
  const values = field.lines.all.filter(({ method }) => method === "notifications/progress");
  expect(values.at(-1)?.params.progress).toBe(200_000);
}, 60_000);
