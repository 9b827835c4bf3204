// Files that say who may come in, changed as editors, deployments and Kubernetes change them: it counts from the next request on.
import fs, { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { makeKey } from "../../src/auth/keys/key-file.ts";
import { bearer, ERAS, openServer } from "./endpoint.ts";

/** Ways to have another content under a name. */
const WAYS: Record<string, (folder: string, name: string, text: string) => string> = {
  "written in place"(folder, name, text) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  },
  "replaced by a new file, with the same time"(folder, name, text) {
    const [draft, file] = [join(folder, `${name}.new`), join(folder, name)];
    writeFileSync(draft, text, { mode: 0o600 });
    utimesSync(draft, 1, 1);
    renameSync(draft, file);
    return file;
  },
  "in a folder that is swapped, as Kubernetes mounts a ConfigMap"(folder, name, text) {
    const version = mkdtempSync(join(folder, "..version-"));
    writeFileSync(join(version, name), text, { mode: 0o644 });
    symlinkSync(version, join(folder, "..new"));
    renameSync(join(folder, "..new"), join(folder, "..data"));
    return join(folder, "..data", name);
  },
  "in a folder that is moved away and comes back"(folder, name, text) {
    const [inside, old] = [join(folder, "inside"), mkdtempSync(join(folder, "old-"))];
    try {
      renameSync(inside, join(old, "inside"));
    } catch {
      // The first time there is none.
    }
    mkdirSync(inside);
    writeFileSync(join(inside, name), text, { mode: 0o600 });
    return join(inside, name);
  },
};

test.skipIf(process.platform === "win32").each(Object.entries(WAYS))(
  "%s: keys and the kill list",
  async (_way, put) => {
    const folder = mkdtempSync(join(tmpdir(), "swapped-"));
    const scopes = ["lab:read", "lab:write"];
    const [ada, ben] = ["ada", "ben"].map((name) => makeKey(name, scopes, new Date(), undefined)) as [
      ReturnType<typeof makeKey>,
      ReturnType<typeof makeKey>,
    ];
    const keys = (...entries: object[]) => put(folder, "keys.json", JSON.stringify({ keys: entries }));
    // Where folders are swapped, each file has one of its own.
    const killFolder = mkdtempSync(join(tmpdir(), "swapped-"));
    const kill = (...sub: string[]) => put(killFolder, "revoked.json", JSON.stringify({ sub }));
    const server = await openServer({ auth: "keys", authKeys: keys(ada.entry), authRevoked: kill() });
    onTestFinished(async () => {
      await server.close();
      for (const one of [folder, killFolder]) rmSync(one, { recursive: true });
    });
    const statuses = async () =>
      Promise.all([ada, ben].map(async ({ key }) => (await ERAS["2026"](server.endpoint, [bearer(key)])).status));
    expect(await statuses()).toEqual([200, 401]);
    keys(ada.entry, ben.entry);
    expect(await statuses()).toEqual([200, 200]);
    kill("ada");
    expect(await statuses()).toEqual([401, 200]);
    kill("ben");
    expect(await statuses()).toEqual([200, 401]);
    keys(ben.entry);
    kill();
    expect(await statuses()).toEqual([401, 200]);
  },
);

test("a kill list that could not be opened when it changed is tried again, without another change", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unopened-"));
  const ada = makeKey("ada", ["lab:read", "lab:write"], new Date(), undefined);
  const authKeys = join(folder, "keys.json");
  const authRevoked = join(folder, "revoked.json");
  writeFileSync(authKeys, JSON.stringify({ keys: [ada.entry] }), { mode: 0o600 });
  writeFileSync(authRevoked, "{}", { mode: 0o600 });
  const server = await openServer({ auth: "keys", authKeys, authRevoked });
  onTestFinished(async () => {
    vi.restoreAllMocks();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const status = async () => (await ERAS["2026"](server.endpoint, [bearer(ada.key)])).status;
  const open = vi.spyOn(fs, "openSync").mockImplementation(() => {
    throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  });
  writeFileSync(authRevoked, '{ "sub": ["ada"] }');
  expect(await status()).toBe(200);
  expect(await status()).toBe(200);
  expect(server.log.filter((line) => line.includes("EMFILE"))).toHaveLength(1);
  open.mockRestore();
  await expect.poll(status, { timeout: 20_000 }).toBe(401);
});
