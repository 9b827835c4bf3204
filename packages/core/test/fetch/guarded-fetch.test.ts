// Whatever URL a model gives: only public addresses are asked, and an answer takes neither memory nor time without end.
import type { lookup } from "node:dns";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createGuard, createGuardedFetch, type GuardedFetchOptions } from "../../src/fetch/index.ts";
import { type FaultUpstream, serveFaults } from "../../src/testing/index.ts";

let here: FaultUpstream;
let other: FaultUpstream;
beforeAll(async () => {
  [here, other] = await Promise.all([serveFaults(), serveFaults()]);
});
beforeEach(() => {
  here.behave({ do: "answer", body: { a: 1 } });
  other.behave({ do: "answer", body: { b: 2 } });
});
afterAll(() => Promise.all([here.close(), other.close()]));

/** Names resolve to these, in turn, and every other host is unknown. */
const resolving = (hosts: Record<string, string[]>): GuardedFetchOptions["resolver"] =>
  ((host: string, _options: unknown, callback: (error: Error | null, found: unknown) => void) => {
    const found = hosts[host];
    if (found === undefined) callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), []);
    else
      callback(
        null,
        found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
  }) as typeof lookup as never;
const allowed = (options: GuardedFetchOptions = {}) => createGuardedFetch({ privateHosts: ["127.0.0.1"], ...options });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "answered",
    (error: { code?: string }) => error.code,
  );

test("a whole answer comes back, of any status", async () => {
  const page = await allowed()(`${here.url}/x?y=1`, { headers: { Authorization: "Bearer t" } });
  expect(page).toMatchObject({
    status: 200,
    url: `${here.url}/x?y=1`,
    headers: { "content-type": "application/json" },
  });
  expect(JSON.parse(page.text())).toEqual({ a: 1 });
  expect(here.seen.at(-1)?.headers.authorization).toBe("Bearer t");
  here.behave({ do: "answer", status: 404, body: "no" });
  expect(await allowed()(here.url)).toMatchObject({ status: 404 });
  here.behave({ do: "answer" });
  await allowed()(here.url, { method: "POST", body: "é" });
  expect(here.seen.at(-1)).toMatchObject({ method: "POST", body: "é" });
});

describe("what is not public is not asked", () => {
  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://０.0.0.0/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://100.64.0.1/",
    "http://192.0.0.170/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[2002:7f00:1::]/",
    "http://[4000::1]/",
    "http://user:password@example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "data:text/plain,x",
    "gopher://example.com/",
  ])("%s", async (url) => {
    expect(await codeOf(createGuardedFetch({ resolver: resolving({}) })(url))).toBe("address_refused");
  });

  test.each([
    ["127.0.0.1", "a name of this machine"],
    ["169.254.169.254", "a name of the metadata service"],
    ["::ffff:127.0.0.1", "a name with a mapped address"],
    ["::1", "a name of this machine, in IPv6"],
  ])("a name that resolves to %s", async (address) => {
    const resolver = resolving({ "rebound.test": [address], "mixed.test": ["93.184.216.34", address] });
    const fetch = createGuardedFetch({ resolver });
    expect(await codeOf(fetch(`http://rebound.test:${here.port}/`))).toBe("address_refused");
    expect(await codeOf(fetch(`http://mixed.test:${here.port}/`))).toBe("address_refused");
    expect(here.connections).toBe(0);
  });

  test("a name is resolved once for each request, and what was looked at is what is connected to", async () => {
    let asked = 0;
    const turning = ((_host: string, _options: unknown, callback: (error: null, found: unknown) => void) => {
      asked += 1;
      callback(null, [{ address: asked === 1 ? "127.0.0.1" : "10.0.0.1", family: 4 }]);
    }) as never;
    const fetch = createGuardedFetch({ resolver: turning, privateHosts: ["turning.test"] });
    expect(await fetch(`http://turning.test:${here.port}/`)).toMatchObject({ status: 200 });
    expect(asked).toBe(1);
  });

  test("what is no URL", async () => {
    for (const url of ["", "example.com", "//example.com", "http://", "http://[::1"])
      expect([url, await codeOf(createGuardedFetch()(url))]).toEqual([url, "not_a_url"]);
  });
});

describe("redirects", () => {
  const named = (options: GuardedFetchOptions = {}) =>
    createGuardedFetch({
      privateHosts: ["here.test", "other.test"],
      resolver: resolving({ "here.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] }),
      ...options,
    });
  const url = () => `http://here.test:${here.port}/`;

  test.each(["http://127.0.0.1", "http://[::ffff:127.0.0.1]", "http://169.254.169.254", "file:///etc/passwd"])(
    "to %s are refused like a URL of their own",
    async (to) => {
      here.behave({ do: "redirect", to: to.startsWith("http://127") ? `${to}:${other.port}/` : to });
      const before = other.seen.length;
      expect(await codeOf(named()(url()))).toBe("address_refused");
      expect(other.seen).toHaveLength(before);
    },
  );

  test("to another origin carry no credential, nor back", async () => {
    here.behave(({ url: path }) =>
      path === "/" ? { do: "redirect", to: `http://other.test:${other.port}/` } : { do: "answer" },
    );
    other.behave({ do: "redirect", to: `http://here.test:${here.port}/back` });
    const headers = { authorization: "Bearer t", cookie: "a=b", "X-Api-Key": "k", accept: "text/html" };
    const answer = await named()(url(), { headers });
    expect(answer).toMatchObject({ status: 200, url: `http://here.test:${here.port}/back` });
    expect(here.seen.at(-2)?.headers).toMatchObject({ authorization: "Bearer t", "x-api-key": "k" });
    for (const { headers: seen } of [other.seen.at(-1), here.seen.at(-1)] as { headers: object }[]) {
      expect(seen).toMatchObject({ accept: "text/html" });
      for (const name of ["authorization", "cookie", "x-api-key"]) expect(seen).not.toHaveProperty(name);
    }
  });

  test("end, and are not followed for what changes something", async () => {
    here.behave({ do: "redirect" });
    const before = here.seen.length;
    expect(await codeOf(named()(url()))).toBe("redirected");
    expect(here.seen.length - before).toBe(4);
    expect(await codeOf(named({ maxRedirects: 0 })(url()))).toBe("redirected");
    expect(await codeOf(named()(url(), { method: "POST", body: "x" }))).toBe("redirected");
    here.behave({ do: "redirect", to: "http://" });
    expect(await codeOf(named()(url()))).toBe("redirected");
  });
});

test("the path of a redirect is UTF-8, as it is written", async () => {
  here.behave(({ url }) =>
    url === "/"
      ? { do: "raw", text: "HTTP/1.1 302 Found\r\nLocation: /café\r\nContent-Length: 0\r\n\r\n" }
      : { do: "answer" },
  );
  expect(await allowed()(`${here.url}/`)).toMatchObject({ status: 200, url: `${here.url}/caf%C3%A9` });
});

test("a body goes to nobody but the one that was asked", async () => {
  here.behave({ do: "redirect", to: `${other.url}/` });
  const [asked, before] = [here.seen.length, other.seen.length];
  // Without a length it would be a second request of the same connection.
  const body = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const method of ["GET", "POST", "DELETE"]) {
    expect(await codeOf(allowed()(here.url, { method, body }))).toBe("redirected");
    expect(here.seen.at(-1)).toMatchObject({ method, body });
  }
  expect([here.seen.length - asked, other.seen.length - before]).toEqual([3, 0]);
});

test.each(["gzip", "br", "deflate", "zstd"])(
  "an answer without a body may say that it would be %s",
  async (encoding) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nConnection: close\r\n`;
    for (const [method, rest] of [
      ["HEAD", "Content-Length: 90\r\n\r\n"],
      ["GET", "Content-Length: 0\r\n\r\n"],
      ["GET", "\r\n"],
    ] as const) {
      here.behave({ do: "raw", text: head + rest });
      expect((await allowed()(here.url, { method })).bytes).toHaveLength(0);
    }
  },
);

test.each([
  ["BÜCHER.test", "xn--bcher-kva.test"],
  ["intranet.test.", "intranet.test"],
])("an operator may name %s", async (written, host) => {
  const fetch = createGuardedFetch({ privateHosts: [written], resolver: resolving({ [host]: ["127.0.0.1"] }) });
  expect(await fetch(here.url.replace("127.0.0.1", host))).toMatchObject({ status: 200 });
});

test("an address may be named as it is written by hand", () => {
  for (const written of ["0:0:0:0:0:0:0:1", "[::1]", "::0001"])
    expect(() => createGuard([written]).checkUrl(new URL("http://[::1]/"))).not.toThrow();
});

describe("an answer without end", () => {
  test.each(["gzip", "br"] as const)("a bomb of %s is cut at the cap of what it decodes to", async (encoding) => {
    here.behave({ do: "bomb", bytes: 200_000_000, encoding });
    expect(await codeOf(allowed({ maxBytes: 100_000 })(here.url))).toBe("reply_too_large");
    await expect.poll(() => here.connections).toBe(0);
  });

  test("a body over the cap is cut, one of just the cap is taken", async () => {
    here.behave({ do: "answer", body: "x".repeat(1_001) });
    expect(await codeOf(allowed({ maxBytes: 1_000 })(here.url))).toBe("reply_too_large");
    expect((await allowed({ maxBytes: 1_001 })(here.url)).bytes).toHaveLength(1_001);
  });

  test.each([
    ["no byte at all", { do: "hang" } as const],
    ["a byte every 20 ms", { do: "drip", everyMs: 20 } as const],
    ["Early Hints without end", { do: "hint", everyMs: 20 } as const],
  ])("%s ends with the time, and with the call", async (_what, fault) => {
    here.behave(fault);
    expect(await codeOf(allowed({ timeoutMs: 300 })(here.url))).toBe("timed_out");
    const call = new AbortController();
    const asking = allowed()(here.url, { signal: call.signal });
    call.abort(new Error("the call ended"));
    await expect(asking).rejects.toThrow("the call ended");
    await expect.poll(() => here.connections).toBe(0);
  });

  test.each([
    ["cut off", { do: "truncate" } as const, "unreachable"],
    [
      "another protocol",
      { do: "raw", text: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" } as const,
      "unreachable",
    ],
    ["no HTTP", { do: "raw", text: "SSH-2.0-x\r\n" } as const, "unreachable"],
    [
      "headers of 1 MB",
      { do: "raw", text: `HTTP/1.1 200 OK\r\nx: ${"y".repeat(1_000_000)}\r\n\r\n` } as const,
      "unreachable",
    ],
    ["gzip that is none", { do: "bad-gzip", how: "not" } as const, "bad_encoding"],
    ["gzip that is cut off", { do: "bad-gzip", how: "cut" } as const, "bad_encoding"],
    ["gzip twice", { do: "bad-gzip", how: "twice" } as const, "bad_encoding"],
    ["an unknown encoding", { do: "answer", headers: { "content-encoding": "toString" } } as const, "bad_encoding"],
  ])("%s is an error that says so", async (_what, fault, code) => {
    here.behave(fault);
    expect(await codeOf(allowed()(here.url))).toBe(code);
  });

  test("nobody there, and no such name", async () => {
    const gone = await serveFaults();
    await gone.close();
    expect(await codeOf(allowed()(gone.url))).toBe("unreachable");
    expect(await codeOf(createGuardedFetch({ resolver: resolving({}) })("http://nowhere.test/"))).toBe("unreachable");
  });
});
