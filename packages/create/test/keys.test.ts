import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { offshootBin, run, temporaryFolder } from "./fixtures/run.ts";

/** The command in a folder of its own, and the answer that a script gets. */
function keysIn(folder: string) {
  return async (...words: string[]) => {
    const { code, stdout } = await run(process.execPath, [offshootBin, "keys", ...words, "--json"], { cwd: folder });
    return { code, ...JSON.parse(stdout) };
  };
}

describe("offshoot keys", () => {
  test("makes, rotates and withdraws a key, and says each time what a script needs", async () => {
    const folder = temporaryFolder();
    const keys = keysIn(folder);
    const made = await keys("add", "ci", "--scopes", "notes:read");
    expect(made).toMatchObject({
      code: 0,
      name: "ci",
      scopes: ["notes:read"],
      key: expect.stringMatching(/^offshoot_/),
    });
    const file = join(folder, "auth-keys.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(made.key);
    expect(await keys("add", "ci")).toMatchObject({
      code: 2,
      next: expect.stringMatching(/create(-offshoot|\/dist\/main\.js'?) keys rotate ci/),
    });
    expect((await keys("rotate", "ci", "--overlap", "0m")).key).not.toBe(made.key);
    expect(await keys("revoke", "ci")).toMatchObject({ code: 0, revoked: expect.any(Array) });
    expect((await keys("list")).keys.map(({ state }: { state: string }) => state)).not.toContain("accepted");
  });

  test("names what is to be done about a file, with a command for each", async () => {
    const folder = temporaryFolder();
    const keys = keysIn(folder);
    await keys("add", "old", "--expires", "never");
    expect((await keys("check")).problems).toEqual([
      {
        id: expect.any(String),
        name: "old",
        message: expect.stringContaining("never ends"),
        next: expect.stringContaining("keys rotate old"),
      },
    ]);
    chmodSync(join(folder, "auth-keys.json"), 0o644);
    const { code, problems } = await keys("check");
    expect([code, problems[0].next]).toEqual([1, expect.stringContaining("chmod 600")]);
  });

  test.each([
    ["a time that is over", ["add", "ci", "--expires", "0d"]],
    ["a date that is over", ["add", "ci", "--expires", "2020-01-01"]],
    ["a name that is a path", ["add", "../ci"]],
    ["a folder that is not there", ["add", "ci", "--file", "nope/keys.json"]],
    ["a key that nobody has", ["rotate", "nobody"]],
  ])("refuses %s, and changes nothing", async (_what, words) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "auth-keys.json"), '{"keys":[]}\n');
    expect(await keysIn(folder)(...words)).toMatchObject({
      code: 2,
      error: expect.any(String),
      next: expect.any(String),
    });
    expect(readFileSync(join(folder, "auth-keys.json"), "utf8")).toBe('{"keys":[]}\n');
  });
});
