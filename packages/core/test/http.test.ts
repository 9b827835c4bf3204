// What a client can do to the HTTP wire. Spoken by hand, because real clients are too polite.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { connect as connectSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { type HttpEndpoint, serveHttp } from "../src/protocol/http/http.ts";
import type { HttpOptions } from "../src/protocol/http/options.ts";
import { createLog } from "../src/telemetry/log.ts";
import { createLab } from "./fixtures/lab.ts";
import { initialize, type Json, labMain, META, startLab, toolCall } from "./fixtures/raw.ts";
import { send } from "./fixtures/send.ts";

async function open(options: HttpOptions = {}) {
  const lab = createLab();
  const log: string[] = [];
  const app = createApp(lab.server, { log: createLog("info", { write: (line) => log.push(line) }) });
  return { lab, log, app, endpoint: await serveHttp(app, options) };
}

const modern = (message: Json, changes: Record<string, string | undefined> = {}) => {
  const headers: Record<string, string | undefined> = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": message.method,
    "mcp-name": message.params?.name,
    ...changes,
  };
  return {
    headers: Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    body: message,
  };
};

async function session(endpoint: HttpEndpoint) {
  const hello = await send(endpoint, { body: initialize(0) });
  const headers = { "mcp-session-id": hello.headers["mcp-session-id"] as string, "mcp-protocol-version": "2025-11-25" };
  await send(endpoint, { headers, body: { jsonrpc: "2.0", method: "notifications/initialized" } });
  return headers;
}

describe("one endpoint", () => {
  let server: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    server = await open({ allowedOrigins: ["https://app.example.com"], allowedHosts: ["mcp.example.com"] });
  });
  afterAll(() => server.endpoint.drain(0));

  test("both eras are answered at one URL", async () => {
    const headers = await session(server.endpoint);
    expect((await send(server.endpoint, { headers, body: toolCall(1, "echo", { text: "2025" }) })).json).toMatchObject({
      id: 1,
      result: { structuredContent: { text: "2025" } },
    });
    expect((await send(server.endpoint, modern(toolCall(2, "echo", { text: "2026" }, META)))).json).toMatchObject({
      id: 2,
      result: { resultType: "complete", structuredContent: { text: "2026" } },
    });
  });

  const good = modern(toolCall(1, "echo", { text: "x" }, META));

  test.each([
    ["evil.com", 403],
    ["localhost.evil.com:80", 403],
    ["0.0.0.0:80", 403],
    ["127.0.0.1.evil.com", 403],
    ["evil.com@127.0.0.1", 403],
    ["LOCALHOST:80", 200],
    ["[::1]:80", 200],
    ["127.0.0.1:1", 200],
    ["mcp.example.com", 200],
  ])("HTTP Host %j answers %i", async (host, status) => {
    expect((await send(server.endpoint, { ...good, headers: { ...good.headers, host } })).status).toBe(status);
  });

  test.each([
    ["http://evil.com", 403],
    ["null", 403],
    ["http://localhost.evil.com", 403],
    ["http://localhost:9", 403],
    ["https://app.example.com", 200],
  ])("Origin %s answers %i", async (origin, status) => {
    const answer = await send(server.endpoint, { ...good, headers: { ...good.headers, origin } });
    expect(answer.status).toBe(status);
    expect(answer.headers["access-control-allow-origin"]).toBe(status === 200 ? origin : undefined);
  });

  test("a listed page's browser may ask first", async () => {
    const answer = await send(server.endpoint, { method: "OPTIONS", headers: { origin: "https://app.example.com" } });
    expect(answer).toMatchObject({
      status: 204,
      headers: { "access-control-allow-headers": expect.stringContaining("mcp-session-id") },
    });
  });

  test("404 off the path, 405 with Allow", async () => {
    expect((await send(server.endpoint, { ...good, path: "/" })).status).toBe(404);
    expect((await send(server.endpoint, { ...good, path: "/mcp/x" })).status).toBe(404);
    expect(await send(server.endpoint, { method: "PUT" })).toMatchObject({
      status: 405,
      headers: { allow: "GET, POST, DELETE" },
    });
  });

  test("/healthz and /readyz answer", async () => {
    expect(await send(server.endpoint, { method: "GET", path: "/healthz" })).toMatchObject({
      status: 200,
      body: "ok\n",
    });
    expect(await send(server.endpoint, { method: "GET", path: "/readyz" })).toMatchObject({
      status: 200,
      body: "ready\n",
    });
  });

  test("an unknown method is -32601 with 404", async () => {
    expect(
      await send(server.endpoint, modern({ jsonrpc: "2.0", id: 1, method: "no/such", params: { _meta: META } })),
    ).toMatchObject({ status: 404, json: { error: { code: -32_601 } } });
  });

  test("a 2026 header without _meta, and _meta without capabilities, are -32602 with 400", async () => {
    expect(await send(server.endpoint, modern(toolCall(1, "echo", { text: "x" })))).toMatchObject({
      status: 400,
      json: { error: { code: -32_602 } },
    });
    expect(
      await send(
        server.endpoint,
        modern(toolCall(1, "echo", { text: "x" }, { "io.modelcontextprotocol/protocolVersion": "2026-07-28" })),
      ),
    ).toMatchObject({ status: 400, json: { error: { code: -32_602 } } });
  });

  test.each([
    ["the header's version is another", { "mcp-protocol-version": "2025-11-25" }],
    ["the header's method is another", { "mcp-method": "tools/list" }],
    ["the header's name is another", { "mcp-name": "slow" }],
    ["the header's method is missing", { "mcp-method": undefined }],
    ["the header's name is missing", { "mcp-name": undefined }],
  ])("%s: 400 with -32020", async (_title, changes) => {
    expect(await send(server.endpoint, modern(toolCall(1, "echo", { text: "x" }, META), changes))).toMatchObject({
      status: 400,
      json: { error: { code: -32_020 } },
    });
  });

  test("a name in the base64 form is understood", async () => {
    expect(
      (
        await send(
          server.endpoint,
          modern(toolCall(1, "echo", { text: "x" }, META), { "mcp-name": "=?base64?ZWNobw==?=" }),
        )
      ).status,
    ).toBe(200);
  });

  test.each([
    ["a word", "hello", -32_700],
    ["null", "null", -32_600],
    ["no jsonrpc", '{"id":7,"method":"tools/list"}', -32_600],
    [
      "a __proto__ key",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"__proto__":{"polluted":1}}}}',
      -32_602,
    ],
    [
      "200 000 nested lists",
      `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`,
      -32_602,
    ],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0xfe, 0x22]), -32_700],
  ])("%s is 400", async (_title, body, code) => {
    expect(await send(server.endpoint, { body })).toMatchObject({ status: 400, json: { error: { code } } });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("a body over 4 MiB is 413, by its declared length and by its chunks", async () => {
    expect((await send(server.endpoint, { body: Buffer.alloc(4_194_305, " ") })).status).toBe(413);
    const { port } = new URL(server.endpoint.url);
    const socket = connectSocket(Number(port), "127.0.0.1");
    socket.write(
      "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk;
    });
    socket.on("error", () => {});
    const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 100 && answer === ""; sent += 1) {
      socket.write(chunk);
      await sleep(1);
    }
    while (answer === "") await sleep(5);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test("a compressed body is 415 and not inflated; so is any other media type", async () => {
    const body = gzipSync(Buffer.alloc(10_000_000));
    expect((await send(server.endpoint, { headers: { "content-encoding": "gzip" }, body })).status).toBe(415);
    expect((await send(server.endpoint, { headers: { "content-type": "text/plain" }, body: "{}" })).status).toBe(415);
  });

  test("two in-flight requests with one id in one session: the second is refused", async () => {
    const headers = await session(server.endpoint);
    server.lab.events.length = 0;
    const first = send(server.endpoint, { headers, body: toolCall(1, "hold") });
    while (!server.lab.events.includes("hold began")) await sleep(5);
    expect(await send(server.endpoint, { headers, body: toolCall(1, "echo", { text: "x" }) })).toMatchObject({
      status: 400,
      json: { error: { code: -32_600, message: expect.stringMatching(/Duplicate id/) } },
    });
    server.lab.release();
    expect((await first).json).toMatchObject({ id: 1, result: {} });
  });

  test.each(["2025", "2026"])("a %s client that hangs up stops the work", async (era) => {
    const { lab, endpoint } = server;
    lab.events.length = 0;
    const headers = era === "2025" ? await session(endpoint) : modern(toolCall(5, "slow", {}, META)).headers;
    const url = new URL(endpoint.url);
    const outgoing = request({
      host: url.hostname,
      port: url.port,
      path: "/mcp",
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    });
    outgoing.on("error", () => {});
    outgoing.end(JSON.stringify(toolCall(5, "slow", { ms: 30_000 }, era === "2025" ? undefined : META)));
    while (!lab.events.includes("slow began")) await sleep(5);
    outgoing.destroy();
    while (!lab.events.includes("slow aborted: AbortError")) await sleep(5);
    expect(server.app.gate.running).toBe(0);
  });
});

test("session never deleted: idle ones are swept, and past the cap the longest idle one makes room", async () => {
  const { endpoint, lab } = await open({ sessionIdleMs: 2_000, maxSessions: 2 });
  const call = toolCall(1, "echo", { text: "x" });
  const first = await session(endpoint);
  const second = await session(endpoint);
  await session(endpoint);
  expect(endpoint.sessions).toBe(2);
  expect(await send(endpoint, { headers: first, body: call })).toMatchObject({
    status: 404,
    json: { id: 1, error: { code: -32_001 } },
  });
  expect((await send(endpoint, { headers: second, body: call })).status).toBe(200);
  // One that is at work never does. When all are, there is no room, for now.
  const held = [second, await session(endpoint)].map((headers) =>
    send(endpoint, { headers, body: toolCall(2, "hold") }),
  );
  await expect.poll(() => lab.events.filter((event) => event === "hold began").length).toBe(2);
  expect(await send(endpoint, { body: initialize(0) })).toMatchObject({
    status: 503,
    headers: { "retry-after": expect.stringMatching(/^\d+$/) },
  });
  lab.release();
  await Promise.all(held);
  while (endpoint.sessions > 0) await sleep(20);
  expect((await send(endpoint, { headers: second, body: call })).status).toBe(404);
  await endpoint.drain(0);
});

test("DELETE closes a session; a request without one is told to initialize", async () => {
  const { endpoint } = await open();
  const headers = await session(endpoint);
  expect((await send(endpoint, { method: "DELETE", headers })).status).toBe(200);
  expect(endpoint.sessions).toBe(0);
  expect(await send(endpoint, { body: toolCall(1, "echo", { text: "x" }) })).toMatchObject({
    status: 400,
    json: { error: { message: expect.stringMatching(/initialize/) } },
  });
  await endpoint.drain(0);
});

describe("authentication", () => {
  const open2 = () =>
    open({
      authenticate: ({ headers }) =>
        headers.authorization === undefined
          ? undefined
          : {
              id: headers.authorization,
              scopes:
                headers.authorization === "writer" ? ["lab:read", "lab:write"] : ["lab:read", "lab:*", "lab:writer"],
            },
    });

  test("nobody is let in unnamed", async () => {
    const { endpoint } = await open2();
    expect(await send(endpoint, modern(toolCall(1, "echo", { text: "x" }, META)))).toMatchObject({
      status: 401,
      headers: { "www-authenticate": "Bearer" },
    });
    await endpoint.drain(0);
  });

  test("scopes are matched exactly, all of them, and the refusal names them", async () => {
    const { endpoint, lab } = await open2();
    const call = modern(toolCall(1, "guarded", {}, META));
    const refused = await send(endpoint, { ...call, headers: { ...call.headers, authorization: "reader" } });
    expect(refused.json).toMatchObject({ error: { code: -32_003, data: { required: ["lab:read", "lab:write"] } } });
    expect(lab.events).toEqual([]);
    expect(
      (await send(endpoint, { ...call, headers: { ...call.headers, authorization: "writer" } })).json,
    ).toMatchObject({ result: {} });
    await endpoint.drain(0);
  });

  test("a session answers only the caller who opened it", async () => {
    const { endpoint } = await open2();
    const hello = await send(endpoint, { headers: { authorization: "writer" }, body: initialize(0) });
    const headers = { "mcp-session-id": hello.headers["mcp-session-id"] as string, authorization: "reader" };
    expect((await send(endpoint, { headers, body: toolCall(1, "echo", { text: "x" }) })).status).toBe(404);
    await endpoint.drain(0);
  });

  test("a requestState replayed by another caller is refused", async () => {
    const { endpoint, lab } = await open2();
    const asking = { ...META, "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } };
    const call = modern(toolCall(1, "remove", { id: "n1" }, asking));
    const { json } = await send(endpoint, { ...call, headers: { ...call.headers, authorization: "writer" } });
    const { requestState, inputRequests } = json.result;
    const [key] = Object.keys(inputRequests);
    const retry = {
      ...call.body,
      id: 2,
      params: {
        ...call.body.params,
        requestState,
        inputResponses: { [key as string]: { action: "accept", content: { sure: true } } },
      },
    };
    const replayed = await send(endpoint, { headers: { ...call.headers, authorization: "reader" }, body: retry });
    expect(replayed.json).toMatchObject({ error: { code: -32_602 } });
    expect(lab.events).not.toContain("removed n1");
    expect(
      (await send(endpoint, { headers: { ...call.headers, authorization: "writer" }, body: retry })).json,
    ).toMatchObject({ result: { structuredContent: { text: "removed: true" } } });
    await endpoint.drain(0);
  });
});

test("a client that sends its headers byte by byte is cut off, and others are served meanwhile", async () => {
  const { endpoint } = await open();
  const { port } = new URL(endpoint.url);
  const socket = connectSocket(Number(port), "127.0.0.1");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => {});
  socket.on("data", () => {});
  const drip = setInterval(() => socket.write("x"), 500);
  socket.write("POST /mcp HTTP/1.1\r\nx-drip: ");
  expect((await send(endpoint, modern(toolCall(1, "echo", { text: "x" }, META)))).status).toBe(200);
  await closed;
  clearInterval(drip);
  await endpoint.drain(0);
}, 20_000);

test("/readyz answers 503 while the domain says that it cannot work, and the log says why", async () => {
  let problem: string | undefined;
  const log: string[] = [];
  const definition = { ...createLab().server, problem: () => problem };
  const app = createApp(definition, { log: createLog("info", { write: (line) => log.push(line) }) });
  const endpoint = await serveHttp(app, {});
  const ready = () => send(endpoint, { method: "GET", path: "/readyz" });
  const alerts = () => log.filter((line) => line.includes('"not ready"'));
  expect(await ready()).toMatchObject({ status: 200, body: "ready\n" });
  problem = "The database is gone.";
  expect(await ready()).toMatchObject({ status: 503, body: "not ready: see the log\n" });
  await ready();
  expect(alerts()).toEqual([expect.stringContaining(problem)]);
  problem = undefined;
  expect(await ready()).toMatchObject({ status: 200 });
  await endpoint.drain(0);
  app.close();
});

test.each(["2025", "2026"])(
  "clients of the %s era that leave before their calls begin leave nothing running",
  async (era) => {
    const { endpoint, app, lab } = await open();
    const { host, port } = new URL(endpoint.url);
    const own = era === "2025" ? await session(endpoint) : undefined;
    const leave = async (id: number): Promise<void> => {
      const call = modern(toolCall(id, "slow", { ms: 60_000 }, own === undefined ? META : undefined));
      const body = JSON.stringify(call.body);
      const headers = {
        host,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "content-length": String(body.length),
        ...(own ?? call.headers),
      };
      const socket = connectSocket(Number(port), "127.0.0.1");
      await once(socket, "connect");
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
    };
    await Promise.all(Array.from({ length: 300 }, (_item, index) => leave(index + 1)));
    const headers = own ?? {};
    const echo = toolCall(1_000, "echo", { text: "next" }, own === undefined ? META : undefined);
    const next = await send(endpoint, own === undefined ? modern(echo) : { headers, body: echo });
    expect(next.json).toMatchObject({ result: { structuredContent: { text: "next" } } });
    await expect.poll(() => app.gate.running).toBe(0);
    const began = lab.events.filter((event) => event === "slow began").length;
    expect(lab.events.filter((event) => event.startsWith("slow aborted"))).toHaveLength(began);
    await endpoint.drain(0);
  },
);

test("draining: /readyz says so, running calls finish, new ones are refused", async () => {
  const { endpoint, lab } = await open();
  const call = modern(toolCall(1, "slow", { ms: 3_000 }, META));
  const running = send(endpoint, { ...call, headers: { ...call.headers, connection: "keep-alive" } });
  await expect.poll(() => lab.events, { timeout: 20_000 }).toContain("slow began");
  const drained = endpoint.drain(5_000);
  // Each comes on a connection of its own, as that of a load balancer's check does.
  expect(await send(endpoint, { method: "GET", path: "/readyz" })).toMatchObject({ status: 503 });
  expect(await send(endpoint, { method: "GET", path: "/healthz" })).toMatchObject({ status: 200 });
  const others = [modern(toolCall(2, "echo", { text: "x" }, META)), { body: initialize(3) }];
  for (const one of others)
    expect(await send(endpoint, one)).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
  expect((await running).json).toMatchObject({ id: 1, result: {} });
  await drained;
  await expect(send(endpoint, { method: "GET", path: "/healthz" })).rejects.toThrow();
});

test("draining: a call whose body ends after the server began to stop does not begin", async () => {
  const { endpoint, lab } = await open();
  const slow = modern(toolCall(1, "slow", { ms: 400 }, META));
  const running = send(endpoint, slow);
  await expect.poll(() => lab.events).toContain("slow began");
  lab.events.length = 0;
  const body = JSON.stringify(toolCall(2, "slow", { ms: 1 }, META));
  const socket = connectSocket(Number(new URL(endpoint.url).port), "127.0.0.1");
  let heard = "";
  socket.on("data", (chunk: Buffer) => {
    heard += chunk;
  });
  const headers = {
    host: "localhost",
    "content-type": "application/json",
    ...modern(toolCall(2, "slow", {}, META)).headers,
  };
  const lines = Object.entries({ ...headers, "content-length": String(body.length) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${body.slice(0, -5)}`);
  await sleep(100);
  const drained = endpoint.drain(5_000);
  socket.write(body.slice(-5));
  await running;
  await drained;
  expect(heard).toMatch(/^HTTP\/1.1 503 /);
  expect(heard).toContain("retry-after: 5");
  expect(lab.events).not.toContain("slow began");
});

test("listeners that stall cost next to nothing, and one that reads hears the last change", async () => {
  const { endpoint, lab, log, app } = await open();
  const { port } = new URL(endpoint.url);
  const listen = {
    jsonrpc: "2.0",
    id: 1,
    method: "subscriptions/listen",
    params: { notifications: { resourcesListChanged: true }, _meta: META },
  };
  const body = JSON.stringify(listen);
  const head = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\nmcp-method: subscriptions/listen\r\ncontent-length: ${body.length}\r\n\r\n`;
  const stream = () => {
    const socket = connectSocket(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(head + body);
    return socket;
  };
  let heard = 0;
  const reader = stream().on("data", (chunk: Buffer) => {
    heard += chunk.toString().split("notifications/resources/list_changed").length - 1;
  });
  const stalled = Array.from({ length: 5 }, () => stream().pause());
  await sleep(300);
  for (let sent = 0; sent < 200_000; sent += 200) {
    for (let batch = 0; batch < 200; batch += 1) lab.emit().resourcesChanged();
    await sleep(1);
  }
  expect(app.gate.bytes.held).toBeLessThan(8 * 1_048_576);
  const before = heard;
  lab.emit().resourcesChanged();
  while (heard === before) await sleep(10);
  expect(log.filter((line) => line.includes("client cut"))).toEqual([]);
  for (const socket of [reader, ...stalled]) socket.destroy();
  await endpoint.drain(0);
}, 60_000);

test.runIf(process.platform === "linux")(
  "file descriptors run out: new connections are refused, and serving recovers",
  async () => {
    const server = spawn(
      "bash",
      ["-c", 'ulimit -n 64; exec "$0" "$1" --transport http --port 0', process.execPath, labMain],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let stderr = "";
    server.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    while (!stderr.includes("listens on")) await sleep(20);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(stderr)?.[1]);
    const health = () => fetch(`http://127.0.0.1:${port}/healthz`).then(({ status }) => status);
    expect(await health()).toBe(200);
    const sockets = Array.from({ length: 200 }, () => connectSocket(port, "127.0.0.1").on("error", () => {}));
    while (sockets.filter(({ destroyed }) => destroyed).length < 100) await sleep(20);
    for (const socket of sockets) socket.destroy();
    while ((await health().catch(() => 0)) !== 200) await sleep(20);
    server.kill("SIGTERM");
    expect(await once(server, "exit")).toEqual([0, null]);
  },
  20_000,
);

test("the HTTP transport binds 127.0.0.1 only", async () => {
  await using lab = startLab(["--transport", "http", "--port", "0"]);
  await lab.until((text) => text.includes("listens on http://127.0.0.1:"));
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(lab.stderr())?.[1])
    .toString(16)
    .toUpperCase()
    .padStart(4, "0");
  if (process.platform !== "linux") return;
  const listening = execFileSync("cat", ["/proc/net/tcp", "/proc/net/tcp6"])
    .toString()
    .split("\n")
    .filter((line) => line.includes(`:${port} `) && / 0A /.test(line));
  expect(listening).toHaveLength(1);
  expect(listening[0]).toContain(`0100007F:${port}`);
});
