import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { reasonIn } from "../src/reason-in.ts";

const stderrOf = (code: string): string =>
  spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }).stderr;

test.each([
  ["a thrown error", 'throw new TypeError("no data folder")', "TypeError: no data folder"],
  ["a module that is not there", 'await import("./nope.js")', "ERR_MODULE_NOT_FOUND"],
  ["code that does not parse", "const = 1", "SyntaxError: "],
  ["its own words", 'console.error("notes: --port is wrong.\\n"); process.exit(2)', "notes: --port is wrong."],
  ["nothing", "process.exit(1)", ""],
])("of a server that ended by %s the reason is told, and not Node's version", (_what, code, reason) => {
  const told = reasonIn(stderrOf(code));
  expect(told).toContain(reason);
  expect(told).not.toMatch(/^Node\.js|^\s+at |\n/);
});
