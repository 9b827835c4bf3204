import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { offshootBin, run, temporaryFolder } from "./fixtures/run.ts";

const template = fileURLToPath(new URL("../../../templates/notes/", import.meta.url));

/** The notes server as a user's project, with the configuration of two environments. */
function project(staging: object = { logLevel: "warn", maxNotes: 500, data: "/srv/staging" }) {
  const folder = join(temporaryFolder(), "mine");
  mkdirSync(join(folder, "config"), { recursive: true });
  for (const entry of ["dist", "src", "offshoot.json", "contract.lock.json", "package.json", ".gitignore"])
    cpSync(join(template, entry), join(folder, entry), { recursive: true });
  symlinkSync(join(template, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, "config/staging.json"), JSON.stringify(staging));
  const file = (name: string) => join(folder, "config", name);
  const read = (name: string) => JSON.parse(readFileSync(file(name), "utf8"));
  const offshoot = async (...words: string[]) => {
    const { code, stdout } = await run(
      process.execPath,
      [offshootBin, "promote", "--offline", "--json", "config/staging.json", "config/production.json", ...words],
      { cwd: folder },
    );
    return { code, ...JSON.parse(stdout) };
  };
  /** What a start with the production configuration prints and its exit code. */
  const start = (...flags: string[]) => {
    const held = ["--config", file("production.json"), "--config-lock", file("config.lock.json")];
    const { status: code, stderr } = spawnSync(process.execPath, ["dist/main.js", ...held, ...flags], {
      cwd: folder,
      // The client has left already.
      input: "",
      encoding: "utf8",
    });
    return { code, stderr };
  };
  return { folder, file, read, offshoot, start };
}

describe("offshoot promote", () => {
  test("takes over what is the same everywhere, leaves what is not, and the server is held to the lock", async () => {
    const { file, read, offshoot, start } = project({
      logLevel: "warn",
      store: "memory",
      port: 1,
      data: "/srv/staging",
    });
    // Only its owner may read it, which stays so.
    writeFileSync(file("production.json"), JSON.stringify({ logLevel: "debug", maxNotes: 5, port: 2 }), {
      mode: 0o600,
    });
    const done = await offshoot();
    expect(done).toMatchObject({ code: 0, digest: expect.stringMatching(/^sha256-/), wrong: [] });
    expect(done.changes).toEqual([
      { setting: "logLevel", before: "debug", after: "warn" },
      { setting: "maxNotes", before: 5 },
      { setting: "store", after: "memory" },
    ]);
    expect(read("production.json")).toEqual({ port: 2, logLevel: "warn", store: "memory" });
    expect(statSync(file("production.json")).mode & 0o777).toBe(0o600);
    expect(read("config.lock.json")).toMatchObject({
      digest: done.digest,
      values: { logLevel: "warn", store: "memory" },
      promoted: { from: "config/staging.json", by: expect.stringContaining("@"), at: expect.any(String) },
    });
    expect(await start()).toMatchObject({ code: 0 });
    const drifted = await start("--log-level", "debug");
    expect(drifted.code).toBe(2);
    expect(drifted.stderr).toContain('--log-level is "debug" here (--log-level) and "warn" in ');
    writeFileSync(file("production.json"), JSON.stringify({ ...read("production.json"), maxNotes: 7 }));
    expect((await start()).stderr).toMatch(/--max-notes is 7 here .* and \d+ in .*config\.lock\.json/);
  });

  test("writes nothing in a dry run, and nothing while the check is not green", async () => {
    const { folder, file, offshoot } = project();
    expect(await offshoot("--dry-run")).toMatchObject({ code: 0, written: [] });
    writeFileSync(join(folder, "src/left.ts"), "<<<<<<< yours\na\n=======\nb\n>>>>>>> notes-0.2.0\n");
    expect(await offshoot()).toMatchObject({ code: 1, written: [], wrong: [{ name: "conflict markers" }] });
    expect([existsSync(file("production.json")), existsSync(file("config.lock.json"))]).toEqual([false, false]);
  });

  test.each(["config/staging.json", "config/production.json"])("never writes the lock over %s", async (lock) => {
    const { file, read, offshoot } = project();
    expect(await offshoot("--lock", lock)).toMatchObject({ code: 2, next: expect.any(String) });
    expect(read("staging.json")).not.toHaveProperty("digest");
    expect(existsSync(file("production.json"))).toBe(false);
  });

  test.each([
    ["a file that is not there", undefined, "There is no"],
    ["one that is not JSON", "{", "is not JSON"],
    ["a setting the server does not know", '{"logLevl":"warn"}', "Did you mean logLevel?"],
    ["a value the server does not take", '{"maxNotes":-1}', "is wrong"],
  ])("refuses %s in one line, with what to do", async (_what, text, message) => {
    const { file, offshoot } = project();
    if (text === undefined) writeFileSync(file("other.json"), "{}");
    else writeFileSync(file("staging.json"), text);
    const answer = text === undefined ? await offshoot("more.json") : await offshoot();
    expect(answer).toMatchObject({ code: 2, next: expect.any(String) });
    if (text !== undefined) expect(answer.error).toContain(message);
  });

  test.each([
    ["a folder where the lock goes", (file: (name: string) => string) => mkdirSync(file("config.lock.json"))],
    ["a link where the lock goes", (file: (name: string) => string) => symlinkSync("x", file("config.lock.json"))],
    ["a key twice", (file: (name: string) => string) => writeFileSync(file("staging.json"), '{"port":1,"port":2}')],
  ])("writes neither file with %s", async (_what, prepare) => {
    const { file, offshoot } = project();
    prepare(file);
    expect(await offshoot()).toMatchObject({ code: 2, next: expect.any(String) });
    expect(existsSync(file("production.json"))).toBe(false);
  });
});
