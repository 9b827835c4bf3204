// What only some clients of the 2025 era need: batches, and a server without sessions.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialize, type Json, META, toolCall } from "../fixtures/raw.ts";
import { type Field, openSession, send, startField } from "./field.ts";

const echo = (id: number) => toolCall(id, "echo", { text: String(id) });
const ids = (messages: Json[]): unknown[] => messages.map(({ id }) => id).sort();
const batch: Json[] = [
  echo(1),
  { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 1 } },
  echo(2),
  { jsonrpc: "2.0", id: 3, method: "no/such" },
  { jsonrpc: "2.0", id: 4, method: 4 },
  { jsonrpc: "2.0", id: 5, method: "initialize", params: initialize(5).params },
  toolCall(6, "echo", { text: "2026" }, META),
  toolCall(7, "slow", { ms: 50 }),
  42,
];

describe("batches", () => {
  test("stdio: revision 2025-03-26 answers each in one list, and the others refuse it", async () => {
    for (const version of ["2025-03-26", "2025-06-18", "2025-11-25", "2024-11-05"]) {
      await using field = startField("stdio", 256);
      const hello = initialize(0);
      hello.params.protocolVersion = version;
      field.write(hello, { jsonrpc: "2.0", method: "notifications/initialized" });
      expect(await field.lines.id(0)).toMatchObject({ result: { protocolVersion: version } });
      field.write(batch);
      const answer = await field.lines.next((line) => Array.isArray(line) || line.error !== undefined);
      if (version !== "2025-03-26") {
        expect(answer).toMatchObject({ id: null, error: { code: -32_600 } });
        continue;
      }
      expect(ids(answer)).toEqual([1, 2, 3, 4, 5, 6, 7, null].sort());
      expect(answer.find(({ id }: Json) => id === 1)).toMatchObject({ result: { structuredContent: { text: "1" } } });
      // Nothing but notifications: nothing comes back. One that is cancelled: its answer is not waited for.
      field.write([{ jsonrpc: "2.0", method: "notifications/initialized" }]);
      field.write([echo(11), toolCall(12, "slow", { ms: 60_000 })]);
      field.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 12 } });
      expect(await field.lines.next((line) => Array.isArray(line) && line.length === 1)).toMatchObject([{ id: 11 }]);
      field.write([]);
      expect(await field.lines.next((line) => line.id === null)).toMatchObject({ error: { code: -32_600 } });
      field.write([echo(13), echo(13)]);
      const twice = await field.lines.next((line) => Array.isArray(line) && line.length === 2 && line[0].id === 13);
      expect(twice.filter(({ error }: Json) => error !== undefined)).toHaveLength(1);
    }
  });

  test("http: the same, on the POST's stream", async () => {
    await using field = startField("http", 256);
    const url = await field.url();
    for (const version of ["2025-03-26", "2025-06-18", "2025-11-25"]) {
      const headers = await openSession(url, { version });
      const reply = await send(url, batch, { headers });
      if (version !== "2025-03-26") {
        expect(reply).toMatchObject({ status: 400, messages: [{ id: null, error: { code: -32_600 } }] });
        continue;
      }
      // initialize is never in one: the whole is refused, as the SDK does.
      expect(reply.status).toBe(400);
      const rest = batch.filter((item) => item.method !== "initialize" && item.id !== 6);
      const { messages } = await send(url, rest, { headers });
      expect(ids(messages)).toEqual([1, 2, 3, 4, 7, null].sort());
      const notes = [{ jsonrpc: "2.0", method: "notifications/initialized" }];
      expect(await send(url, notes, { headers })).toMatchObject({ status: 202, text: "" });
      expect((await send(url, [echo(8), echo(8)], { headers })).status).toBe(400);
      expect((await send(url, [], { headers })).status).toBe(400);
    }
    expect((await send(url, [echo(1)])).status).toBe(400);
  });
});

describe("--sessions stateless", () => {
  let field: Field;
  let url: URL;
  beforeAll(async () => {
    field = startField("http", 256, ["--sessions", "stateless"]);
    url = await field.url();
  });
  afterAll(() => field[Symbol.asyncDispose]());

  test("says at the start what it means", () => {
    expect(field.stderr()).toMatch(/without sessions.*no questions/i);
  });

  test("a call needs no session and no handshake, and a handshake opens none", async () => {
    expect(await send(url, echo(1))).toMatchObject({
      status: 200,
      messages: [{ id: 1, result: { structuredContent: { text: "1" } } }],
    });
    const hello = await send(url, initialize(0));
    expect(hello.headers["mcp-session-id"]).toBeUndefined();
    expect(hello.messages[0].result.capabilities.resources).toEqual({});
    // A session of before a restart is as good as none.
    const headers = { "mcp-session-id": "of-before", "mcp-protocol-version": "2025-06-18" };
    expect((await send(url, echo(2), { headers })).messages).toMatchObject([{ id: 2 }]);
    expect((await send(url, undefined, { method: "GET" })).status).toBe(405);
    expect((await send(url, undefined, { method: "DELETE" })).status).toBe(405);
    expect((await send(url, { jsonrpc: "2.0", method: "notifications/initialized" })).status).toBe(202);
    expect((await send(url, { ...initialize(0), params: undefined })).messages).toMatchObject([
      { error: { code: -32_602 } },
    ]);
    expect(
      (await send(url, { jsonrpc: "2.0", id: 3, method: "resources/subscribe", params: { uri: "file:///0" } }))
        .messages,
    ).toMatchObject([{ error: { code: -32_601 } }]);
  });

  test("the official client works, survives a restart, and is asked nothing", async () => {
    const client = new Client({ name: "c", version: "1" }, { capabilities: { elicitation: {} } });
    let asked = 0;
    client.setRequestHandler(ElicitRequestSchema, () => {
      asked += 1;
      return { action: "decline" as const };
    });
    await client.connect(new StreamableHTTPClientTransport(url) as never);
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    expect((await client.callTool({ name: "ask", arguments: {} })).structuredContent).toEqual({
      action: "unavailable",
    });
    const { port } = url;
    await field[Symbol.asyncDispose]();
    field = startField("http", 256, ["--sessions", "stateless", "--port", port]);
    await field.url();
    expect((await client.callTool({ name: "echo", arguments: { text: "still" } })).structuredContent).toEqual({
      text: "still",
    });
    expect(asked).toBe(0);
    await client.close();
  });

  test("progress comes with the answer, and a client that hangs up stops its call", async () => {
    const call = toolCall(1, "progress", { count: 3 }, { progressToken: "p" });
    expect((await send(url, call)).messages.map(({ method }) => method)).toEqual([
      ...Array(3).fill("notifications/progress"),
      undefined,
    ]);
    for (let round = 0; round < 100; round += 1) {
      const abort = new AbortController();
      const hung = send(url, toolCall(1, "slow", { ms: 60_000 }), {
        signal: abort.signal,
        onHead: () => abort.abort(),
      });
      await expect(hung).rejects.toThrow();
    }
    expect((await send(url, echo(2))).messages).toMatchObject([{ id: 2 }]);
  });
});
