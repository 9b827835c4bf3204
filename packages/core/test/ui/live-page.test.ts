// The live page: who may see it, what it says, and that a browser shows it while calls come.
import { request } from "node:http";
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type App, createApp } from "../../src/app.ts";
import { checkWhoComesIn } from "../../src/check-who-comes-in.ts";
import { defineServer, defineTool, fail } from "../../src/index.ts";
import { type HttpEndpoint, serveHttp } from "../../src/protocol/http/http.ts";
import { ServeSettings } from "../../src/serve-settings.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { noChromium } from "../../src/testing/index.ts";
import { openContext } from "../../src/testing/views/chromium.ts";
import { type LivePage, openLivePage } from "../../src/ui/live-page.ts";

const SECRET = "argument-that-nobody-else-sees";
const server = defineServer({
  name: "shown",
  version: "1.2.3",
  tools: [
    defineTool({
      name: "echo",
      title: "Echo",
      description: "Says the words again.",
      inputSchema: z.object({ words: z.string().describe("Words") }),
      outputSchema: z.object({ words: z.string().describe("Words") }),
      handler: ({ words }) => (words === "fail" ? fail("No.") : { words }),
    }),
  ],
});
let app: App;
let page: LivePage;
let endpoint: HttpEndpoint;
let address: URL;

beforeAll(async () => {
  app = createApp(server, { log: createLog("silent") });
  page = openLivePage(app);
  endpoint = await serveHttp(app, {
    ui: page,
    allowedHosts: ["public.example.com"],
    allowedOrigins: ["https://app.example.com"],
    authenticate: ({ headers }) => ({ id: decodeURIComponent(String(headers["x-caller"] ?? "someone")) }),
  });
  address = new URL(page.addressAt(endpoint.url));
});
afterAll(async () => {
  await endpoint.drain(0);
  app.close();
});

const get = (
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: address.hostname, port: address.port, path, method, headers }, (response) => {
      let text = "";
      const answer = () => resolve({ status: response.statusCode as number, headers: response.headers, text });
      response.on("data", (chunk) => {
        text += chunk;
        // A stream does not end by itself.
        if (text.includes("event: calls")) {
          answer();
          sent.destroy();
        }
      });
      response.on("end", answer);
    });
    sent.on("error", reject).end();
  });
const bearer = () => ({ authorization: `Bearer ${address.hash.slice(1)}` });
const call = async (words: string, caller = "ada") => {
  const response = await fetch(endpoint.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
      "x-caller": encodeURIComponent(caller),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name: "echo",
        arguments: { words },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "t", version: "1.0.0" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
  expect(response.status).toBe(200);
  await response.text();
};

describe("who may see it", () => {
  test.each([
    ["without a token", () => ({})],
    ["with another token", () => ({ authorization: `Bearer ${"x".repeat(43)}` })],
    ["with a part of the token", () => ({ authorization: bearer().authorization.slice(0, -1) })],
  ] as [string, () => Record<string, string>][])("what it shows is not for a browser %s", async (_how, headers) => {
    const { status, text } = await get("/ui/events", headers());
    expect(status).toBe(401);
    expect(text).toMatch(/address that the server printed/);
  });

  test.each([
    ["a name that leads here from elsewhere", { host: "rebound.example.com" }],
    ["a name that MCP clients may use", { host: "public.example.com" }],
    ["a page of another origin", { origin: "https://evil.example.com" }],
    ["a page that may call the server", { origin: "https://app.example.com" }],
  ] as [string, Record<string, string>][])("%s is refused, token or not", async (_what, headers) => {
    for (const path of ["/ui", "/ui/events"]) expect((await get(path, { ...bearer(), ...headers })).status).toBe(403);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("nothing can be changed by %s", async (method) => {
    const headers = method === "OPTIONS" ? {} : { "content-type": "application/json" };
    expect((await get("/ui/events", { ...bearer(), ...headers }, method)).status).toBe(405);
  });

  test("a server that was not asked for it has no such page", async () => {
    const plain = await serveHttp(app);
    const { status } = await fetch(new URL("/ui", plain.url));
    expect(status).toBe(404);
    await plain.drain(0);
  });

  test.each([
    ["on stdio", { ui: true }, /--ui needs --transport http/],
    [
      "on an address that others reach",
      { ui: true, transport: "http", host: "0.0.0.0", insecure: true },
      /for this machine alone/,
    ],
    ["on a unix socket", { ui: true, transport: "http", host: "/tmp/x.sock" }, /for this machine alone/],
  ] as [string, object, RegExp][])("it is refused %s", (_where, given, culprit) => {
    expect(() => checkWhoComesIn({ ...ServeSettings.parse({}), ...given }, false)).toThrow(culprit);
  });
});

test("the page lets nothing run or leave but its own script and events, and knows no token", async () => {
  const { status, headers, text } = await get("/ui");
  expect(status).toBe(200);
  expect(headers["content-security-policy"]).toMatch(
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; .*connect-src 'self'; .*frame-ancestors 'none'$/,
  );
  expect(headers["cache-control"]).toBe("no-store");
  expect(text).not.toMatch(/https?:\/\//);
  expect(text).not.toContain(address.hash.slice(1));
});

test("calls come with name, outcome, time, caller and id, and never with arguments or answers", async () => {
  await call(SECRET, "ada");
  await call("fail", "ben?token=seen-by-nobody");
  const { status, headers, text } = await get("/ui/events", bearer());
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/event-stream");
  const events = Object.fromEntries(
    text
      .split("\n\n")
      .filter((block) => block !== "")
      .map((block) => [/^event: (.*)/.exec(block)?.[1], JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null")]),
  );
  expect(events.about).toMatchObject({ name: "shown", version: "1.2.3" });
  expect(events.state).toMatchObject({
    calls: 2,
    gate: { running: 0, waiting: 0, mode: "normal" },
    latency: [["echo", { calls: 2 }]],
    slo: { firing: [] },
    subscriptions: [],
  });
  expect(events.calls.calls).toMatchObject([
    { name: "echo", outcome: "ok", caller: "ada", ms: expect.any(Number), correlationId: expect.any(String) },
    { name: "echo", outcome: "tool_error", caller: "ben?token=[secret]" },
  ]);
  expect(text).not.toContain(SECRET);
});

const reason = await noChromium();
test.skipIf(reason !== undefined)(
  `a browser shows calls as they come, whatever their callers are named${reason === undefined ? "" : ` (${reason})`}`,
  async () => {
    const context = await openContext({ viewport: { width: 320, height: 640 } });
    const shown = await context.newPage();
    const problems: string[] = [];
    shown.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    shown.on("pageerror", ({ message }) => problems.push(message));
    shown.on("request", (sent) => {
      if (new URL(sent.url()).host !== address.host && !sent.url().startsWith("data:")) problems.push(sent.url());
    });
    await shown.goto(address.href);
    await expect.poll(() => shown.getByRole("status").textContent()).toBe("Live");
    await Promise.all(Array.from({ length: 300 }, () => call("load")));
    await call("last", "<img src=x onerror=alert(1)>");
    const first = shown.locator("#calls tr").first();
    await expect.poll(() => first.textContent()).toContain("echo");
    await expect.poll(() => shown.locator("#latency td").nth(1).textContent()).toMatch(/30\d/);
    expect(await shown.locator("#calls tr").count()).toBeLessThanOrEqual(200);
    expect(await shown.locator("#calls img").count()).toBe(0);
    await shown.evaluate(axe.source);
    const { violations } = (await shown.evaluate("axe.run()")) as { violations: { id: string }[] };
    expect(violations.map(({ id }) => id)).toEqual([]);
    // On a phone the tables scroll, and the page does not.
    expect(await shown.evaluate("document.documentElement.scrollWidth")).toBe(320);
    await shown.goto(new URL("/ui", address).href);
    await expect.poll(() => shown.getByRole("status").textContent()).toMatch(/no valid token/);
    expect(problems.filter((problem) => !problem.includes("401"))).toEqual([]);
    await context.close();
  },
);
