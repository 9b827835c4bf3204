import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Fault, type FaultUpstream, serveFaults } from "@offshoot/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UpstreamError } from "../../src/domain/errors.ts";
import type { ApiRequest } from "../../src/domain/operation.ts";
import type { UpstreamOptions } from "../../src/domain/upstream/upstream.ts";
import { createUpstream } from "../../src/guarded.ts";

let faults: FaultUpstream;
beforeAll(async () => {
  faults = await serveFaults();
});
afterAll(() => faults.close());

const request = (more: Partial<ApiRequest> = {}): ApiRequest => ({
  operation: "x",
  method: "GET",
  path: "/thing",
  query: [],
  headers: {},
  body: undefined,
  ...more,
});

/** Sends one request to an upstream that does this, and gives back its answer or its error. */
async function send(
  fault: Parameters<FaultUpstream["behave"]>[0],
  options: Partial<UpstreamOptions> & { ms?: number } = {},
  of: Partial<ApiRequest> = {},
) {
  faults.behave(fault);
  const { ms = 2_000, ...rest } = options;
  const upstream = createUpstream({ baseUrl: `${faults.url}/v1`, allowedHosts: ["127.0.0.1"], ...rest });
  const since = performance.now();
  try {
    const reply = await upstream.send(request(of), { signal: AbortSignal.timeout(ms) });
    return { reply, error: undefined, ms: performance.now() - since };
  } catch (error) {
    return { reply: undefined, error: error as UpstreamError, ms: performance.now() - since };
  } finally {
    await upstream.close();
  }
}

test("an answer comes back as what its type says, and only the headers that say something", async () => {
  const headers = { etag: '"a"', "set-cookie": "session=1", "x-ratelimit-remaining": "7", server: "x" };
  const { reply } = await send({ do: "answer", body: { a: 1 }, headers });
  expect(reply).toMatchObject({ status: 200, body: { a: 1 }, headers: { etag: '"a"', "x-ratelimit-remaining": "7" } });
  expect(Object.keys(reply?.headers ?? {}).sort()).toEqual(["content-type", "etag", "x-ratelimit-remaining"]);
  expect((await send({ do: "answer", body: "hello", headers: { "content-type": "text/plain" } })).reply?.body).toBe(
    "hello",
  );
  expect((await send({ do: "answer", status: 204, body: "" })).reply?.body).toBeUndefined();
});

describe("the signal ends an exchange, whatever the API does", () => {
  test.each<[string, Fault]>([
    ["no byte at all", { do: "hang" }],
    ["a byte every 20 ms", { do: "drip", everyMs: 20 }],
    ["Early Hints without end", { do: "hint", everyMs: 20 }],
  ])("%s: cut at the deadline, within a fifth of it, and the connection is closed", async (_what, fault) => {
    const sent = send(fault, { ms: 3_000 });
    // A fifth of the deadline. Timers that were set one after the other end in their order, however busy the machine is.
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 3_600));
    const cut = await Promise.race([sent, late]);
    expect(cut?.error?.name).toBe("TimeoutError");
    expect(cut?.ms).toBeGreaterThan(2_400);
    await expect.poll(() => faults.connections).toBe(0);
  });
});

describe("an answer that is not whole or no HTTP is an error of its own and never data", () => {
  const raw = (text: string): Fault => ({ do: "raw", text });
  test.each<[string, Fault]>([
    ["reset at once", { do: "reset" }],
    ["3 of 100 bytes", { do: "truncate" }],
    ["closed without a word", raw("")],
    ["garbage", raw("hello\r\n\r\n")],
    ["HTTP/0.9", raw("<html></html>")],
    ["a bad chunk size", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")],
    ["two lengths", raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}")],
    ["a carriage return in a header", raw("HTTP/1.1 200 OK\r\na: b\rc: d\r\ncontent-length: 2\r\n\r\n{}")],
    ["101", raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")],
    ["headers over 16 KiB", raw(`HTTP/1.1 200 OK\r\na: ${"b".repeat(20_000)}\r\ncontent-length: 2\r\n\r\n{}`)],
  ])("%s", async (_what, fault) => {
    const { reply, error } = await send(fault);
    expect(reply).toBeUndefined();
    expect(error?.code).toMatch(/^(connection_lost|bad_reply)$/);
    await expect.poll(() => faults.connections).toBe(0);
    expect((await send({ do: "answer" })).reply?.status).toBe(200);
  });
  test("something that says it is JSON and is none", async () => {
    expect((await send({ do: "answer", body: "{oops" })).error?.code).toBe("bad_reply");
  });
});

describe("what counts is what comes out", () => {
  test.each(["gzip", "br"] as const)(
    "a bomb of 200 MB in %s is cut at the cap and costs under 32 MiB",
    async (encoding) => {
      // Once before, so that both ends have what they need for any bomb at all.
      await send({ do: "bomb", bytes: 20_971_520, encoding }, { ms: 20_000 });
      const before = process.memoryUsage().rss;
      const { error } = await send({ do: "bomb", bytes: 209_715_200, encoding }, { ms: 20_000 });
      expect(error?.code).toBe("reply_too_large");
      // The bomb is made in this process too, a chunk at a time: both ends are in the figure.
      expect(process.memoryUsage().rss - before).toBeLessThan(33_554_432);
    },
  );
  test.each<[string, Fault]>([
    ["no gzip at all", { do: "bad-gzip", how: "not" }],
    ["cut off", { do: "bad-gzip", how: "cut" }],
    ["twice", { do: "bad-gzip", how: "twice" }],
    ["an encoding nobody asked for", { do: "answer", headers: { "content-encoding": "lzma" } }],
  ])("%s", async (_what, fault) => {
    expect((await send(fault)).error?.code).toBe("bad_encoding");
  });
  test("a plain answer over the cap", async () => {
    expect((await send({ do: "answer", body: "x".repeat(2_000) }, { maxBytes: 1_000 })).error?.code).toBe(
      "reply_too_large",
    );
  });
});

describe("redirects", () => {
  test.each([301, 302, 303, 307, 308])("%i is not followed by default, and is where it is allowed", async (status) => {
    const { error } = await send({ do: "redirect", status, to: "/other" });
    expect(error).toMatchObject({ code: "redirected", facts: { status } });
    const elsewhere = ({ url }: { url: string }): Fault =>
      url === "/other" ? { do: "answer", body: { there: true } } : { do: "redirect", status, to: "/other" };
    expect((await send(elsewhere, { maxRedirects: 1 })).reply?.body).toEqual({ there: true });
  });

  test("to something that is no URL are an answer that is none", async () => {
    expect((await send({ do: "redirect", to: "http://[" }, { maxRedirects: 1 })).error?.code).toBe("bad_reply");
  });

  test("of 21 hops are left after three", async () => {
    const before = faults.seen.length;
    const hop = ({ url }: { url: string }): Fault => ({ do: "redirect", to: `/hop${Number(url.slice(4)) + 1 || 1}` });
    expect((await send(hop, { maxRedirects: 21 })).error?.message).toMatch(/not followed any further/);
    expect(faults.seen.length - before).toBe(4);
  });

  test("reach nobody who may not be reached: a listener on another address of this machine hears nothing", async () => {
    let heard = 0;
    const inner = createServer((_request, response) => {
      heard += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => inner.listen(0, "127.0.0.2", resolve));
    const { port } = inner.address() as AddressInfo;
    const places = [
      `http://127.0.0.2:${port}/`,
      `http://2130706434:${port}/`,
      `http://[::ffff:127.0.0.2]:${port}/`,
      `http://user@127.0.0.2:${port}/`,
      "file:///etc/passwd",
      "gopher://127.0.0.2/",
    ];
    for (const to of places) {
      const { error } = await send({ do: "redirect", to }, { maxRedirects: 3 });
      expect(error?.code, to).toBe("address_refused");
    }
    await new Promise((resolve) => inner.close(resolve));
    expect(heard).toBe(0);
  });

  test("end after three hops, a loop as well", async () => {
    const { error } = await send({ do: "redirect" }, { maxRedirects: 3 });
    expect(error?.message).toMatch(/not followed any further/);
  });

  test("are never followed with what changes something", async () => {
    const { error } = await send({ do: "redirect", status: 307 }, { maxRedirects: 3 }, { method: "POST" });
    expect(error?.code).toBe("redirected");
  });

  test("to another origin go without what says who we are", async () => {
    const other = await serveFaults({ do: "answer", body: { other: true } });
    const credentials = {
      dress: async () => ({ headers: { authorization: "Bearer s3cr3t-token" }, query: [], stamp: "", account: "" }),
      account: async () => "",
      renew: async () => false,
      secrets: () => [],
    };
    const { reply } = await send({ do: "redirect", to: `${other.url}/x` }, { maxRedirects: 1, credentials });
    expect(reply?.body).toEqual({ other: true });
    expect(faults.seen.at(-1)?.headers.authorization).toBe("Bearer s3cr3t-token");
    expect(JSON.stringify(other.seen)).not.toContain("s3cr3t");
    // And back again: a host in between does not choose what is asked in our name.
    other.behave({ do: "redirect", to: `${faults.url}/v1/theirs` });
    const there = ({ url }: { url: string }): Fault =>
      url === "/v1/theirs" ? { do: "answer" } : { do: "redirect", to: `${other.url}/x` };
    await send(there, { maxRedirects: 2, credentials });
    expect(faults.seen.at(-1)).toMatchObject({ url: "/v1/theirs" });
    expect(faults.seen.at(-1)?.headers.authorization).toBeUndefined();
    await other.close();
  });
});

test("statuses have stable codes, the API's words are passed on cut and clean, and Retry-After as it came", async () => {
  const codes = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    418: "refused_by_api",
    422: "bad_request",
    429: "rate_limited",
    500: "api_error",
    502: "api_error",
    503: "api_error",
  };
  for (const [status, code] of Object.entries(codes)) {
    const fault: Fault = {
      do: "answer",
      status: Number(status),
      body: { detail: `no\u200b\n${"x".repeat(600)}` },
      headers: { "retry-after": "3600" },
    };
    const { error } = await send(fault);
    expect(error?.code, status).toBe(code);
    expect(error?.facts).toMatchObject({ status: Number(status), retryAfter: "3600" });
    expect(error?.facts.detail?.length).toBeLessThanOrEqual(500);
    expect(error?.facts.detail).not.toMatch(/\u200b|\n/);
  }
});

test("a request that HTTP cannot carry is refused here, and is no sign that the API is down", async () => {
  const body = { contentType: "application/json; x=\r\nX-Evil: 1", text: "{}" };
  const before = faults.seen.length;
  const { error } = await send({ do: "answer", body: {} }, {}, { method: "POST", body });
  expect([error?.code, error?.facts.notSent, faults.seen.length - before]).toEqual(["request_refused", true, 0]);
});

test("an answer with an ETag is asked for again with it, and 304 gives the one that is kept", async () => {
  faults.behave(({ headers }) =>
    headers["if-none-match"] === '"v1"'
      ? { do: "answer", status: 304, body: "" }
      : { do: "answer", body: { v: 1 }, headers: { etag: '"v1"' } },
  );
  const upstream = createUpstream({ baseUrl: faults.url, allowedHosts: ["127.0.0.1"] });
  const before = faults.seen.length;
  const signal = AbortSignal.timeout(5_000);
  const first = await upstream.send(request(), { signal });
  const second = await upstream.send(request(), { signal });
  expect(second).toEqual(first);
  expect(faults.seen.slice(before).map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"v1"']);
  await upstream.close();
});

test("a listener on this machine hears nothing, whatever it is called", async () => {
  let heard = 0;
  const inner = createServer((_request, response) => {
    heard += 1;
    response.end("{}");
  });
  await new Promise<void>((resolve) => inner.listen(0, resolve));
  const { port } = inner.address() as AddressInfo;
  const hosts = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST.",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
  ];
  for (const host of [
    ...hosts,
    "127.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "good@127.0.0.1",
    "evil#@127.0.0.1",
  ]) {
    const error = await (async () => {
      const upstream = createUpstream({ baseUrl: `http://${host.replace("#", `:${port}#`)}:${port}` });
      try {
        await upstream.send(request(), { signal: AbortSignal.timeout(2_000) });
      } finally {
        await upstream.close();
      }
    })().catch((thrown: UpstreamError) => thrown);
    // `evil` has no address at all; a name that has one is refused for it.
    expect(["address_refused", "unreachable"], host).toContain((error as UpstreamError).code);
  }
  await new Promise((resolve) => inner.close(resolve));
  expect(heard).toBe(0);
});

test("a base URL on a private address is refused unless the operator allows it, and a path stays below it", async () => {
  expect(() => createUpstream({ baseUrl: faults.url })).toThrow(/--private-hosts/);
  const { error } = await send({ do: "answer" }, {}, { path: "/../../etc" });
  expect(error?.code).toBe("path_refused");
});

test("a thousand calls at once share the connections that are configured", async () => {
  faults.behave({ do: "answer", afterMs: 2 });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, faults.connections);
  }, 1);
  const upstream = createUpstream({ baseUrl: faults.url, allowedHosts: ["127.0.0.1"], connections: 8 });
  const signal = AbortSignal.timeout(20_000);
  const replies = await Promise.all(Array.from({ length: 1_000 }, () => upstream.send(request(), { signal })));
  clearInterval(watch);
  expect(replies.every(({ status }) => status === 200)).toBe(true);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(8);
  await upstream.close();
});

test("proxies named in the environment are not used: nobody here would see what they reach", async () => {
  const proxy = await serveFaults({ do: "answer", body: { proxied: true } });
  const kept = process.env.HTTP_PROXY;
  process.env.HTTP_PROXY = proxy.url;
  process.env.http_proxy = proxy.url;
  const { reply } = await send({ do: "answer", body: { proxied: false } });
  if (kept === undefined) delete process.env.HTTP_PROXY;
  else process.env.HTTP_PROXY = kept;
  delete process.env.http_proxy;
  expect(reply?.body).toEqual({ proxied: false });
  expect(proxy.seen).toEqual([]);
  await proxy.close();
});

test("nothing here switches the checking of certificates off", () => {
  const source = join(import.meta.dirname, "../../src");
  for (const file of readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
    const text = readFileSync(join(file.parentPath, file.name), "utf8");
    expect(text, file.name).not.toMatch(
      /rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity|minVersion/,
    );
  }
});
