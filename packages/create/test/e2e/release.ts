/**
 * `node test/e2e/release.ts`: what releases of core do to everything else, rehearsed in a clone: a patch, a minor and a
 * major, one after the other, each by the script that the release workflow runs. Prints the versions after each, and
 * exits 1 when what is released would not hold together. Publishes nothing.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { templateNames } from "../../src/templates.ts";
import { must } from "./command.ts";
import { checkout } from "./ways.ts";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "offshoot-release-")));
const clone = join(scratch, "clone");
await must(["git", "clone", "--quiet", checkout, clone], scratch);
const bootstrap = join(checkout, "scripts/bootstrap.mjs");
const toolchain = (...words: string[]) => must([process.execPath, bootstrap, "exec", ...words], clone, env());
const json = (...path: string[]) => JSON.parse(readFileSync(join(clone, ...path), "utf8"));

console.log(
  `| release | core | create-offshoot | ${templateNames().join(" | ")} |\n|---|---|---|${templateNames()
    .map(() => "---|")
    .join("")}`,
);
row("as it is");
try {
  await toolchain("pnpm", "install", "--frozen-lockfile");
  for (const bump of ["patch", "minor", "major"]) {
    const before = versions();
    writeFileSync(
      join(clone, ".changeset/rehearsal.md"),
      `---\n"@offshoot/core": ${bump}\n---\n\nA ${bump} of core.\n`,
    );
    await toolchain("node", "scripts/version.mjs");
    row(`core ${bump}`);
    const after = versions();
    const templates = templateNames().some((name) => before[`templates/${name}`] !== after[`templates/${name}`]);
    const carrier = before["packages/create"] !== after["packages/create"];
    if (templates !== carrier)
      throw new Error("create-offshoot carries the templates, and was not released with them.");
    await toolchain("node", "scripts/check-copies.mjs");
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function versions(): Record<string, string> {
  const folders = ["packages/core", "packages/create", ...templateNames().map((name) => `templates/${name}`)];
  return Object.fromEntries(folders.map((folder) => [folder, json(folder, "package.json").version]));
}

function row(title: string): void {
  const templates = templateNames().map((name) => {
    const { version, dependencies } = json("templates", name, "package.json");
    const base = json("templates", name, "offshoot.json").version;
    return `${version} (core ${dependencies["@offshoot/core"]}${base === version ? "" : `, offshoot.json ${base}!`})`;
  });
  const { "packages/core": core, "packages/create": create } = versions();
  console.log(`| ${[title, core, create, ...templates].join(" | ")} |`);
}

/** The tools of the clone, not of this checkout. */
function env(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${join(clone, "node_modules/.bin")}:${process.env.PATH}` };
}
