import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COMMANDS, runnable } from "../src/runnable.ts";
import { offshootBin, run } from "./fixtures/run.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test.each(COMMANDS)(
  "`%s` is in the README and in the help, and a text that names it can be copied and run",
  async (name) => {
    expect(readme).toMatch(new RegExp(`^\\| \`${name}[ \`]`, "m"));
    expect(runnable(`Next: \`offshoot ${name}\`.\noffshoot ${name}`)).not.toMatch(/(^|`)offshoot /m);
    // Core does not know how it was started, and says it as a project does.
    expect(runnable(`\`npx create-offshoot ${name}\``)).toBe(runnable(`\`offshoot ${name}\``));
    const { code, stdout } = await run(process.execPath, [offshootBin, name, "--help"]);
    expect(code).toBe(0);
    for (const heading of ["Usage:", "Options:", "--json", "Examples:"]) expect(stdout).toContain(heading);
    expect(stdout).not.toMatch(/^ +offshoot /m);
  },
);

test("the help names every command", async () => {
  const { stdout } = await run(process.execPath, [offshootBin, "--help"]);
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
});
