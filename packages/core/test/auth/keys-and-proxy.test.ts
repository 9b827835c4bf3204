// The other two ways in: keys of the server's own, made by the real command, and a gateway that has authenticated.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServeSettings } from "../../src/serve-settings.ts";
import { createScrub } from "../../src/telemetry/scrub.ts";
import { bearer, ERAS, openServer, send } from "./endpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "auth-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

const command = fileURLToPath(new URL("../../../create/src/offshoot.ts", import.meta.url));
const file = join(folder, "keys.json");
const offshoot = (...args: string[]) =>
  JSON.parse(
    execFileSync(process.execPath, [command, "keys", ...args, "--file", file, "--json"], { encoding: "utf8" }),
  );
const SCOPES = ["--scopes", "lab:read,lab:write"];

describe("API keys", () => {
  let server: Awaited<ReturnType<typeof openServer>>;
  let key: string;
  beforeAll(async () => {
    key = offshoot("add", "ci", ...SCOPES).key;
    server = await openServer({ auth: "keys", authKeys: file });
  });
  afterAll(() => server.close());
  const status = async (token: string, tool?: string, input?: object) =>
    (await ERAS["2026"](server.endpoint, [bearer(token)], tool, input)).status;

  test.each(Object.keys(ERAS) as (keyof typeof ERAS)[])(
    "%s: a key is let in with its scopes, and nothing else is",
    async (era) => {
      expect((await ERAS[era](server.endpoint, [bearer(key)])).status).toBe(200);
      const [, id] = key.split("_");
      const { sha256 } = JSON.parse(readFileSync(file, "utf8")).keys[0];
      for (const wrong of [
        id,
        sha256,
        `offshoot_${id}_${"0".repeat(64)}`,
        `offshoot_${"0".repeat(12)}_${"0".repeat(64)}`,
        key.slice(0, -1),
        `${key}0`,
        key.toUpperCase(),
      ]) {
        const answer = await ERAS[era](server.endpoint, [bearer(wrong as string)]);
        expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, 'Bearer error="invalid_token"']);
      }
      expect((await ERAS[era](server.endpoint, [])).headers["www-authenticate"]).toBe("Bearer");
    },
  );

  test("the file holds no key, and no one else can read it; the log has none either", async () => {
    await status(key);
    expect(readFileSync(file, "utf8")).not.toContain(key.slice(-64));
    if (process.platform !== "win32")
      expect(execFileSync("stat", ["-c", "%a", file], { encoding: "utf8" }).trim()).toBe("600");
    const log = server.log.join("\n");
    for (let at = 22; at + 12 <= key.length; at += 1) expect(log.includes(key.slice(at, at + 12))).toBe(false);
    expect(createScrub({})(`leaked ${key}.`)).toBe("leaked [secret].");
  });

  test("rotation overlaps: both work, for the same caller; revocation counts from the next request on, an event each", async () => {
    const before = server.events.length;
    const { key: next } = offshoot("rotate", "ci", "--overlap", "1h");
    expect(await Promise.all([status(key), status(next)])).toEqual([200, 200]);
    const [oldId, newId] = [key, next].map((one) => one.split("_")[1]);
    expect(server.events.slice(before).map(({ what, name }) => `${what} ${name}`)).toEqual([
      `key ${oldId}`,
      `key ${newId}`,
    ]);
    offshoot("revoke", oldId as string);
    expect([await status(key), await status(next)]).toEqual([401, 200]);
    expect(server.events.at(-1)).toMatchObject({
      what: "key",
      name: oldId,
      after: { name: "ci", revoked: expect.any(String) },
    });
    expect(JSON.stringify(server.events)).not.toContain(JSON.parse(readFileSync(file, "utf8")).keys[0].sha256);
    key = next;
  });

  test("a key has the scopes that it was given and no more, and ends when it was said to", async () => {
    const { key: weak } = offshoot("add", "weak");
    expect([await status(weak), await status(weak, "echo", { text: "x" })]).toEqual([403, 200]);
    const { keys } = JSON.parse(readFileSync(file, "utf8"));
    keys.find(({ name }: { name: string }) => name === "weak").expires = new Date(Date.now() - 1_000).toISOString();
    writeFileSync(file, JSON.stringify({ keys }));
    expect(await status(weak, "echo", { text: "x" })).toBe(401);
  });

  test("the day of the last use is kept", async () => {
    await status(key);
    // There may be one already, of keys used before.
    const kept = () =>
      existsSync(`${file}.used`) && readFileSync(`${file}.used`, "utf8").includes(key.split("_")[1] as string);
    await expect.poll(kept).toBe(true);
    const { keys } = offshoot("list");
    expect(keys.find(({ id }: { id: string }) => key.includes(id)).lastUsed).toBe(
      new Date().toISOString().slice(0, 10),
    );
  });

  test("a file that is broken goes on as it was, and says so once", async () => {
    const whole = readFileSync(file);
    const lines = server.log.length;
    for (const text of ["{", '{"keys":{}}', '{"keys":[{"id":"x"}]}']) {
      writeFileSync(file, text);
      expect([await status(key), await status(key)]).toEqual([200, 200]);
    }
    expect(server.log.slice(lines).filter((line) => line.includes("was not taken"))).toHaveLength(3);
    writeFileSync(file, whole);
    expect(await status(key)).toBe(200);
  });
});

/** What real gateways send, by their documentation. */
const GATEWAYS = {
  // oauth2-proxy, Authelia, Cloudflare Access, Google IAP, AWS ALB, Tailscale Serve, Pomerium, Azure App Service.
  "X-Forwarded-User": "ada",
  "X-Auth-Request-Email": "ada@example.com",
  "Remote-User": "ada",
  "Cf-Access-Authenticated-User-Email": "ada@example.com",
  "X-Goog-Authenticated-User-Email": "accounts.google.com:ada@example.com",
  "X-Amzn-Oidc-Identity": "2f3a1c5e-0000-4000-8000-1f2e3d4c5b6a",
  "Tailscale-User-Login": "ada@github",
  "X-Pomerium-Claim-Email": "ada@example.com",
  "X-MS-CLIENT-PRINCIPAL-NAME": "ada@example.onmicrosoft.com",
};

describe("a proxy that authenticates", () => {
  const settings = { auth: "proxy", authHeader: "X-User" } as const;
  const say = (server: { url: string }, ...headers: [string, string][]) =>
    ERAS["2026"](server as never, headers, "guarded");

  test("is believed from its addresses alone", async () => {
    const near = await openServer({
      ...settings,
      authProxies: ["127.0.0.1", "10.0.0.0/8"],
      authScopesHeader: "x-scopes",
    });
    const scopes: [string, string] = ["x-scopes", "lab:read lab:write"];
    expect((await say(near.endpoint, ["x-user", "ada"], scopes)).status).toBe(200);
    expect((await say(near.endpoint, ["x-user", "ada"])).status).toBe(403);
    expect((await say(near.endpoint, scopes)).status).toBe(401);
    // The last: one header that a proxy on the way made of two.
    for (const ids of [["ada", "root"], ["local"], ["anonymous"], [""], [" "], ["root, ada"], ["root,"]] as string[][])
      expect([
        ids,
        (await say(near.endpoint, ...ids.map((id): [string, string] => ["x-user", id]), scopes)).status,
      ]).toEqual([ids, 401]);
    expect((await say(near.endpoint, ["x-user", "ada"], scopes, ["X-Scopes", "all"])).status).toBe(401);
    expect((await say(near.endpoint, ["x-user", "ada"], ["x-scopes", "lab:read lab:write x, lab:read"])).status).toBe(
      401,
    );
    await near.close();
    const far = await openServer({ ...settings, authProxies: ["10.0.0.0/8", "::2"] });
    expect((await say(far.endpoint, ["x-user", "ada"])).status).toBe(401);
    await far.close();
  });

  test.each(Object.entries(GATEWAYS))(
    "%s: its header is taken as it writes it, and not in another spelling",
    async (header, id) => {
      const server = await openServer({ auth: "proxy", authHeader: header, authProxies: ["127.0.0.1"] });
      const call = async (...headers: [string, string][]) => (await say(server.endpoint, ...headers)).status;
      expect(await call([header.toLowerCase(), id])).toBe(200);
      expect(server.log.map((line) => JSON.parse(line))).toContainEqual(
        expect.objectContaining({ msg: "call", caller: id }),
      );
      for (const other of [header.replaceAll("-", "_"), `${header}-`, `x-${header}`])
        expect([other, await call([other, id])]).toEqual([other, 401]);
      expect(await call([header, id], [header.toUpperCase(), "root"])).toBe(401);
      await server.close();
    },
  );

  test.skipIf(process.platform === "win32")(
    "is believed on a unix socket, and a socket left behind is taken over",
    async () => {
      const host = join(folder, "mcp.sock");
      for (let start = 0; start < 2; start += 1) {
        const server = await openServer({ ...settings, host });
        const body = { jsonrpc: "2.0", id: 1, method: "ping" };
        const { status, headers } = await send(server.endpoint, {
          socketPath: host,
          headers: [
            ["x-user", "ada"],
            ["host", "localhost"],
          ].slice(0, 1) as never,
          body,
        });
        expect([status, headers["content-type"]]).toEqual([400, "application/json"]);
        expect((await send(server.endpoint, { socketPath: host, body })).status).toBe(401);
        await expect(openServer({ ...settings, host })).rejects.toThrow(/EADDRINUSE/);
        await server.close();
        // As a process leaves it that is killed.
        spawnSync(
          process.execPath,
          [
            "-e",
            `require("net").createServer().listen(${JSON.stringify(host)}, () => process.kill(process.pid, "SIGKILL"))`,
          ],
          { stdio: "ignore" },
        );
      }
    },
  );
});

describe("a start that is half configured ends in one line that says what is missing", () => {
  const main = fileURLToPath(new URL("../fixtures/main.ts", import.meta.url));
  const start = (...args: string[]) =>
    spawnSync(process.execPath, [main, ...args], { encoding: "utf8", timeout: 20_000 });
  const http = ["--transport", "http", "--port", "0"];
  const broken = join(folder, "broken.json");
  const open = join(folder, "open.json");
  const link = join(folder, "link.json");
  writeFileSync(broken, "{");
  writeFileSync(open, '{"keys":[]}');
  chmodSync(open, 0o666);
  symlinkSync(open, link);
  const cases: [string[], RegExp][] = [
    [["--auth", "keys", "--auth-keys", open], /--auth keys needs --transport http\. On stdio/],
    [[...http, "--auth-issuer", "https://as.example"], /--auth-issuer does nothing without --auth/],
    [[...http, "--auth", "oauth"], /--auth oauth needs --auth-issuer/],
    [
      [...http, "--auth", "oauth", "--auth-issuer", "as.example"],
      /--auth-issuer as.example is no plain http or https URL/,
    ],
    [[...http, "--auth", "oauth", "--auth-issuer", "http://as.example"], /must begin with https/],
    [[...http, "--auth", "oauth", "--auth-issuer", "https://as.example", "--host", "0.0.0.0"], /needs --public-url/],
    [
      [...http, "--auth", "oauth", "--auth-issuer", "https://as.example", "--public-url", "http://mcp.example"],
      /--public-url .* must begin with https/,
    ],
    [[...http, "--auth", "keys"], /--auth keys needs --auth-keys/],
    [[...http, "--auth", "keys", "--auth-keys", join(folder, "none")], /there is no such file/],
    [[...http, "--auth", "keys", "--auth-keys", broken], /it is not JSON/],
    [[...http, "--auth", "keys", "--auth-keys", open], /can be written by others/],
    [[...http, "--auth", "keys", "--auth-keys", link], /is a link/],
    [
      [...http, "--auth", "keys", "--auth-keys", open, "--auth-issuer", "https://as.example"],
      /--auth-issuer is for --auth oauth/,
    ],
    [[...http, "--auth", "proxy", "--auth-header", "x-user"], /--auth proxy needs --auth-proxies/],
    [[...http, "--auth", "proxy", "--auth-proxies", "10.0.0.1"], /--auth proxy needs --auth-header/],
    [
      [...http, "--auth", "proxy", "--auth-header", "x-user", "--auth-proxies", "10.0.0.0/99"],
      /is no address and no network/,
    ],
    [
      [...http, "--auth", "proxy", "--auth-header", "x-user", "--auth-proxies", "10.0.0.1", "--auth-revoked", broken],
      /--auth-revoked .*it is not JSON/,
    ],
  ];
  // A process takes a second: some of them, and the others by the function that it calls.
  test.each(cases.filter((_one, index) => index < 3))("%j, as a process", (args, said) => {
    const { status, stdout, stderr } = start(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(said);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
  test.each(cases.slice(3))("%j", async (args, said) => {
    const { values } = parseArgs({ args: args.slice(4), strict: false });
    const named = Object.entries(values).map(([flag]) => [camel(flag), args[args.indexOf(`--${flag}`) + 1]]);
    const settings = ServeSettings.parse(Object.fromEntries(named));
    await expect(openServer(settings).then((server) => server.close())).rejects.toThrow(said);
  });
});

const camel = (flag: string): string => flag.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
