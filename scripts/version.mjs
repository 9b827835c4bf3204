/**
 * What a release does before it publishes: `changeset version`, then each template's `offshoot.json` (the base that
 * `offshoot update` merges from) is set to the template's new version, and the lockfile follows. Runs through the bootstrap.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });
const read = (file) => JSON.parse(readFileSync(file, "utf8"));

run("pnpm", "install", "--frozen-lockfile");
run("changeset", "version");
for (const name of readdirSync("templates")) {
  const file = `templates/${name}/offshoot.json`;
  if (!existsSync(file)) continue;
  const { version } = read(`templates/${name}/package.json`);
  writeFileSync(file, `${JSON.stringify({ ...read(file), version }, null, 2)}\n`);
}
run("biome", "format", "--write", "packages", "templates");
run("pnpm", "install", "--no-frozen-lockfile");
