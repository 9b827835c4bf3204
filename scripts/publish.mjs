/**
 * Publishes what has a new version, in the release workflow. A provenance statement is refused when a package does not
 * name the repository it was built in, so the name is taken from where this runs instead of being written down: a fork
 * of this repository publishes under its own.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { packagesIn } from "./checking.mjs";

const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
if (repository) {
  for (const directory of [...packagesIn("packages"), ...packagesIn("templates")]) {
    const file = `${directory}/package.json`;
    const manifest = JSON.parse(readFileSync(file, "utf8"));
    manifest.repository = { type: "git", url: `git+${server}/${repository}.git`, directory };
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}
execFileSync("changeset", ["publish"], { stdio: "inherit" });
