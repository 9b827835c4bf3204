import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run, temporaryFolder } from "./fixtures/run.ts";

const script = fileURLToPath(new URL("../../../scripts/check-copies.mjs", import.meta.url));

/** A checkout with one template that has nothing wrong with it. */
async function checkout() {
  const root = temporaryFolder();
  const write = (path: string, content: string | object) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  };
  write(".gitignore", "node_modules/\n");
  write("packages/core/package.json", { name: "@offshoot/core", version: "0.3.2" });
  write("templates/tiny/package.json", {
    name: "@offshoot/tiny",
    version: "0.1.0",
    files: ["src", "*.json", "*.md"],
    dependencies: { "@offshoot/core": "^0.3.1", zod: "^4.0.0" },
  });
  write("templates/tiny/offshoot.json", { template: "tiny", version: "0.1.0" });
  write("templates/tiny/src/main.ts", 'import "./server.ts";\n');
  write("templates/tiny/src/server.ts", 'new URL("../offshoot.json", import.meta.url);\n');
  mkdirSync(join(root, "templates/tiny/node_modules/@offshoot"), { recursive: true });
  symlinkSync(join(root, "packages/core"), join(root, "templates/tiny/node_modules/@offshoot/core"));
  await run("git", ["init", "--quiet"], { cwd: root });
  const edit = (path: string, from: string, to: string) =>
    writeFileSync(join(root, path), readFileSync(join(root, path), "utf8").replace(from, to));
  return { root, write, edit, check: () => run(process.execPath, [script], { cwd: root }) };
}

test("a template that stands alone is green", async () => {
  const { check } = await checkout();
  expect(await check()).toMatchObject({ code: 0, stdout: "6 passed, 0 failed\n" });
});

type Checkout = Awaited<ReturnType<typeof checkout>>;
const manifest = "templates/tiny/package.json";
test.each<[string, (tree: Checkout) => void, string]>([
  ["a workspace protocol", ({ edit }) => edit(manifest, '"^4.0.0"', '"workspace:*"'), 'zod: "workspace:*" breaks'],
  ["a catalog", ({ edit }) => edit(manifest, '"^4.0.0"', '"catalog:"'), 'zod: "catalog:" breaks'],
  ["a range that core has outgrown", ({ edit }) => edit(manifest, "^0.3.1", "^0.2.9"), "does not let 0.3.2 in"],
  ["a range that core has not reached", ({ edit }) => edit(manifest, "^0.3.1", "^0.3.3"), "does not let 0.3.2 in"],
  [
    "another core than the one beside it",
    ({ root, write }) => {
      write("elsewhere/package.json", { name: "@offshoot/core" });
      write("templates/tiny/node_modules/.keep", "");
      const link = join(root, "templates/tiny/node_modules/@offshoot/core");
      return run("ln", ["-sfn", join(root, "elsewhere"), link]);
    },
    "it is tested with the core in",
  ],
  [
    "an import of what is outside",
    ({ write }) => write("templates/tiny/src/x.ts", 'import "../../../scripts/x.mjs";'),
    "src/x.ts reaches for ../../../scripts/x.mjs",
  ],
  [
    "a tsconfig that extends the root's",
    ({ write }) => write("templates/tiny/tsconfig.json", { extends: "../../tsconfig.json" }),
    "tsconfig.json reaches for ../../tsconfig.json",
  ],
  [
    "a link in a document that leads outside",
    ({ write }) => write("templates/tiny/README.md", "[rules](../../CONTRIBUTING.md)"),
    "README.md reaches for ../../CONTRIBUTING.md",
  ],
  [
    "a file that is not packed",
    ({ write }) => write("templates/tiny/Dockerfile", "FROM scratch\n"),
    "Dockerfile is in git and not packed",
  ],
  [
    "a packed file that is not in git",
    ({ write }) => {
      write("templates/tiny/.gitignore", "*.log\n");
      write("templates/tiny/src/build.log", "made here");
    },
    "src/build.log is packed and not in git",
  ],
  [
    "an offshoot.json of another version",
    ({ edit }) => edit(manifest, '"0.1.0"', '"0.2.0"'),
    "its version is 0.1.0, the package's 0.2.0",
  ],
])("%s is red, by name", async (_, sabotage, problem) => {
  const tree = await checkout();
  await sabotage(tree);
  const { code, stdout } = await tree.check();
  expect(stdout).toContain(problem);
  expect(code).toBe(1);
});
