// What becomes of those who are being served over HTTP when the server begins to stop. Spoken by hand: real clients
// would open another connection and hide it.
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { type HttpEndpoint, serveHttp } from "../src/protocol/http/http.ts";
import type { HttpOptions } from "../src/protocol/http/options.ts";
import { createLog } from "../src/telemetry/log.ts";
import { messagesOf, postUnread } from "./field/field.ts";
import { createLab } from "./fixtures/lab.ts";
import { initialize, type Json, META, startLab, toolCall } from "./fixtures/raw.ts";
import { send } from "./fixtures/send.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(options: HttpOptions = {}) {
  const lab = createLab();
  const log: string[] = [];
  const app = createApp(lab.server, { log: createLog("info", { write: (line) => log.push(line) }) });
  const endpoint = await serveHttp(app, options);
  closers.push(() => endpoint.drain(0), app.close);
  return { lab, log, app, endpoint };
}

const modern = (message: Json): Record<string, string> => ({
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": message.method,
  ...(message.params?.name && { "mcp-name": message.params.name }),
});

async function session(endpoint: Pick<HttpEndpoint, "url">, version = "2025-11-25"): Promise<Record<string, string>> {
  const hello: Json = initialize(0, { elicitation: {} });
  hello.params.protocolVersion = version;
  const { headers } = await send(endpoint, { body: hello });
  return { "mcp-session-id": headers["mcp-session-id"] as string, "mcp-protocol-version": version };
}

/** A request whose answer is looked at while it comes. */
function begin(endpoint: Pick<HttpEndpoint, "url">, headers: Record<string, string>, body?: Json) {
  const { promise: ended, resolve, reject } = Promise.withResolvers<string>();
  const state = { text: "", status: undefined as number | undefined };
  const outgoing = request(
    endpoint.url,
    {
      agent: false,
      method: body === undefined ? "GET" : "POST",
      headers: {
        accept: "application/json, text/event-stream",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
    },
    (response) => {
      state.status = response.statusCode;
      response.setEncoding("utf8").on("data", (chunk: string) => {
        state.text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => resolve(state.text));
    },
  );
  outgoing.on("error", reject);
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  ended.catch(() => {});
  return { state, ended, leave: () => outgoing.destroy() };
}

test("a question that is open can be answered, and its call is", async () => {
  const { endpoint, lab } = await open();
  const headers = await session(endpoint);
  const call = begin(endpoint, headers, toolCall(1, "remove", { id: "7" }));
  await expect.poll(() => call.state.text, { timeout: 20_000 }).toContain("question-1");
  const drained = endpoint.drain(60_000);
  // What is no answer is refused, also in a session.
  expect(await send(endpoint, { headers, body: toolCall(2, "echo", { text: "x" }) })).toMatchObject({
    status: 503,
    json: { id: 2 },
  });
  expect(await send(endpoint, { headers: { ...headers, accept: "text/event-stream" }, method: "GET" })).toMatchObject({
    status: 503,
  });
  const body = { jsonrpc: "2.0", id: "question-1", result: { action: "accept", content: { sure: true } } };
  expect(await send(endpoint, { headers, body })).toMatchObject({ status: 202 });
  expect(messagesOf(await call.ended).at(-1)).toMatchObject({
    id: 1,
    result: { structuredContent: { text: "removed: true" } },
  });
  await drained;
  expect(lab.events).toEqual(["remove ran", "remove ran", "removed 7", "unlistened"].slice(0, lab.events.length));
});

test("a call that outlasts the time to drain is told so, in both eras and on every way", async () => {
  const { endpoint, lab } = await open();
  const [own, old] = [await session(endpoint), await session(endpoint, "2025-03-26")];
  const odd = { ...META, "io.modelcontextprotocol/logLevel": "debug" };
  const asked = begin(endpoint, own, toolCall("asked", "remove", { id: "7" }));
  await expect.poll(() => asked.state.text, { timeout: 20_000 }).toContain("question-1");
  const calls = [
    begin(endpoint, own, toolCall(1, "hold")),
    begin(endpoint, old, [toolCall(2, "hold"), toolCall(3, "hold")]),
    begin(endpoint, modern(toolCall(4, "hold")), toolCall(4, "hold", {}, META)),
    begin(endpoint, modern(toolCall(5, "hold")), toolCall(5, "hold", {}, odd)),
  ];
  await expect.poll(() => lab.events.filter((event) => event === "hold began").length, { timeout: 20_000 }).toBe(5);
  await endpoint.drain(100);
  const heard = await Promise.all([...calls, asked].map(async ({ ended }) => messagesOf(await ended)));
  const told = (id: number | string) => ({ id, error: { code: -32_000, message: expect.stringContaining("stopped") } });
  expect(heard.flat().filter(({ method }) => method === undefined)).toMatchObject([1, 2, 3, 4, 5, "asked"].map(told));
});

test("an answer that a client is still reading arrives whole", async () => {
  const { endpoint, log } = await open();
  // 8 MB on the wire: the system's own buffers may take 4.
  const bytes = 4_000_000;
  const call = toolCall(1, "big", { bytes }, META);
  const slow = postUnread(new URL(endpoint.url), call, { ...modern(call), connection: "close" });
  await expect.poll(() => log, { timeout: 20_000 }).toContainEqual(expect.stringContaining('"name":"big"'));
  let over = false;
  const drained = endpoint.drain(60_000).then(() => {
    over = true;
  });
  // Longer than answers have to leave when nothing is waited for.
  await sleep(600);
  expect(over).toBe(false);
  let heard = 0;
  slow.on("data", (chunk: Buffer) => {
    heard += chunk.length;
  });
  slow.resume();
  await drained;
  await expect.poll(() => heard, { timeout: 20_000 }).toBeGreaterThan(2 * bytes);
});

test("a client that leaves before it is known who it is holds no stream", async () => {
  let answers: ((found: { id: string }) => void) | undefined;
  let incoming: IncomingMessage | undefined;
  let slow = false;
  const { endpoint, app } = await open({
    authenticate: (one) => {
      incoming = one;
      return slow
        ? new Promise((resolve) => {
            answers = resolve;
          })
        : { id: "ada" };
    },
  });
  const headers = await session(endpoint);
  slow = true;
  const left = begin(endpoint, headers);
  await expect.poll(() => answers, { timeout: 20_000 }).toBeDefined();
  left.leave();
  await expect.poll(() => incoming?.destroyed, { timeout: 20_000 }).toBe(true);
  answers?.({ id: "ada" });
  slow = false;
  const stream = begin(endpoint, headers);
  await expect.poll(() => stream.state.status, { timeout: 20_000 }).toBe(200);
  stream.leave();
  expect(app.gate.running).toBe(0);
});

test("SIGTERM with streams open and a call on its way: the call is answered, the streams end, the exit is 0", async () => {
  await using lab = startLab(["--transport", "http", "--port", "0"]);
  await lab.until((stderr) => stderr.includes("listens on"));
  const endpoint = { url: /listens on (\S+)/.exec(lab.stderr())?.[1] as string };
  const headers = await session(endpoint);
  const listen = {
    jsonrpc: "2.0",
    id: 9,
    method: "subscriptions/listen",
    params: { notifications: { toolsListChanged: true }, _meta: META },
  };
  const streams = [begin(endpoint, headers), begin(endpoint, modern(listen), listen)];
  const call = begin(endpoint, headers, toolCall(1, "slow", { ms: 700 }));
  await expect
    .poll(() => [...streams, call].map(({ state }) => state.status), { timeout: 20_000 })
    .toEqual([200, 200, 200]);
  lab.child.kill("SIGTERM");
  await lab.until((stderr) => stderr.includes("stopping"));
  expect(await send(endpoint, { method: "GET", path: "/readyz" })).toMatchObject({ status: 503 });
  expect(messagesOf(await call.ended).at(-1)).toMatchObject({ id: 1, result: {} });
  // In the 2026 era the end of a stream is an answer.
  expect(messagesOf(await (streams[1] as (typeof streams)[0]).ended).at(-1)).toMatchObject({ id: 9, result: {} });
  await streams[0]?.ended;
  expect(await lab.exited).toEqual([0, null]);
});
