/**
 * What a release does before it publishes: `changeset version`; a new version of create-offshoot when a template has one,
 * since it carries them; each template's `offshoot.json` (the base that `offshoot update` merges from) set to its new
 * version; and the lockfile. Runs through the bootstrap.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { packagesIn, read } from "./checking.mjs";

const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });
const versionOf = (folder) => read(`${folder}/package.json`).version;
const templates = packagesIn("templates");
const before = new Map([...templates, "packages/create"].map((folder) => [folder, versionOf(folder)]));
const isNew = (folder) => versionOf(folder) !== before.get(folder);

run("pnpm", "install", "--frozen-lockfile");
run("changeset", "version");
const released = templates.filter(isNew).map((folder) => `${read(`${folder}/package.json`).name} ${versionOf(folder)}`);
if (released.length > 0 && !isNew("packages/create")) {
  writeFileSync(".changeset/carried.md", `---\n"create-offshoot": patch\n---\n\nCarries ${released.join(" and ")}.\n`);
  run("changeset", "version");
}
for (const folder of templates) {
  const file = `${folder}/offshoot.json`;
  writeFileSync(file, `${JSON.stringify({ ...read(file), version: versionOf(folder) }, null, 2)}\n`);
}
run("biome", "format", "--write", "packages", "templates");
run("pnpm", "install", "--no-frozen-lockfile");
