import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Config } from "../src/config.ts";
import { cacheFolder } from "../src/fetch-description.ts";
import { type Opened, openApi } from "../src/open.ts";
import { described, operation } from "./fixtures/description.ts";

const description = JSON.stringify(
  described({ "/a": { get: operation({ operationId: "a" }) } }, { servers: [{ url: "/v2" }] }),
);
let answer: RequestListener;
let asked = 0;
let url: string;
let cacheDir: string;
let close: () => Promise<void>;
const opened: Opened[] = [];

beforeEach(async () => {
  asked = 0;
  answer = (_request, response) => response.end(description);
  const server = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api.json`;
  cacheDir = await mkdtemp(join(tmpdir(), "offshoot-cache-"));
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await close().catch(() => {});
});

const open = async (more: Record<string, unknown> = {}) => {
  const api = await openApi(Config.parse({ api: url, cacheDir, privateHosts: "127.0.0.1", ...more }));
  opened.push(api);
  return api;
};

test("a description comes from its URL, and where it says no host the API is there too", async () => {
  const { operations, credentialGoesTo, digest } = await open();
  expect(operations.entries.map(({ id }) => id)).toEqual(["a"]);
  expect(credentialGoesTo).toEqual([]);
  expect(digest).toMatch(/^sha256-/);
});

describe("when the URL does not answer, or not with a description, the copy of the last time serves", () => {
  test.each<[string, RequestListener]>([
    ["a 503", (_request, response) => response.writeHead(503).end()],
    ["a login page", (_request, response) => response.end("<html>Sign in</html>")],
    ["half an answer", (_request, response) => response.writeHead(200, { "content-length": "999" }).end(description)],
    ["a redirect", (_request, response) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end()],
  ])("%s", async (_what, failing) => {
    await open();
    answer = failing;
    const { operations, note } = await open();
    expect(operations.entries).toHaveLength(1);
    expect(note).toMatch(/The copy of \d{4}-.* is served/);
    expect(note).not.toContain("\n");
    answer = (_request, response) => response.end(description);
    expect((await open()).note).toBeUndefined();
  });

  test("nobody at all", async () => {
    await open();
    await close();
    expect((await open()).note).toMatch(/cannot be read.*is served/);
  });
});

test("without a copy the start is refused, and says why", async () => {
  answer = (_request, response) => response.writeHead(404).end();
  await expect(open()).rejects.toThrow(/answered with status 404/);
  expect(await readdir(cacheDir)).toEqual([]);
});

test("what is pinned and kept is not asked for again; what was pinned and changed stops the start", async () => {
  const { digest } = await open();
  expect((await open({ pin: digest })).digest).toBe(digest);
  expect(asked).toBe(1);
  const other = `sha256-${"A".repeat(43)}=`;
  await expect(open({ pin: other })).rejects.toThrow(/not the description that was pinned/);
});

test("the URL passes the same guards as any request", async () => {
  await expect(open({ privateHosts: "", pin: "sha256-x" })).rejects.toThrow(/no public address/);
  await expect(open({ api: "http://api.example/x.json" })).rejects.toThrow(/without TLS.*--pin/);
  await expect(open({ api: "https://user:pw@127.0.0.1/x.json" })).rejects.toThrow(/user name or password/);
});

test("a folder that cannot be written keeps nothing, and serves all the same", async () => {
  const file = join(cacheDir, "file");
  await writeFile(file, "");
  expect((await open({ cacheDir: file })).operations.entries).toHaveLength(1);
});

test("the default folder is the user's, and none without a home", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/x" })).toBe("/x/offshoot-http-api");
  expect(cacheFolder({ XDG_CACHE_HOME: "relative" })).not.toContain("relative");
});
