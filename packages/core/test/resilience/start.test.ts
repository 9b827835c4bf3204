import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/** The CommonJS packages that a fresh process has loaded after importing an entry of core. */
function loadedBy(...entries: string[]): string[] {
  const imports = entries.map((entry) => `await import(${JSON.stringify(import.meta.resolve(`../../src/${entry}`))});`);
  const code = `import Module from "node:module"; ${imports.join("")} console.log(Object.keys(Module._cache).join("\\n"))`;
  const options = ["--input-type=module", "--experimental-strip-types", "--no-warnings", "-e", code];
  const files = execFileSync(process.execPath, options, { encoding: "utf8" }).split("\n");
  return [...new Set(files.map((file) => /.*node_modules\/([^/]+)\//.exec(file)?.[1] ?? ""))];
}

test("a server without dependencies loads nothing of their safeguards", () => {
  expect(loadedBy("index.ts", "serve.ts")).not.toContain("opossum");
  expect(loadedBy("resilience/index.ts")).toContain("opossum");
});
