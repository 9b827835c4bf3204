import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/** The files that a fresh process has loaded after importing entries of core. */
function loadedBy(...entries: string[]): string {
  const imports = entries.map((entry) => `await import(${JSON.stringify(import.meta.resolve(`../../src/${entry}`))});`);
  const note = "load(url, context, next) { console.log(url); return next(url, context); }";
  const code = `import { registerHooks } from "node:module"; registerHooks({ ${note} }); ${imports.join("")}`;
  const options = ["--input-type=module", "--experimental-strip-types", "--no-warnings", "-e", code];
  return execFileSync(process.execPath, options, { encoding: "utf8" });
}

test("a server without dependencies loads nothing of their safeguards", () => {
  const safeguards = /resilience\/breaker\.ts|node_modules\/lru-cache\//;
  expect(loadedBy("index.ts", "serve.ts")).not.toMatch(safeguards);
  expect(loadedBy("resilience/index.ts")).toMatch(safeguards);
});
