/**
 * A template whose contract changed needs a release that says so: its lock at its last release tag
 * (`@offshoot/notes@0.1.0`) is compared with the one here, and the step that asks for with its changesets. One that is
 * too small fails and names the change. `--root <folder>` looks at another repository.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bumpFor, suffices } from "../packages/create/src/contract/change.ts";
import { listChanges } from "../packages/create/src/contract/command.ts";
import { compareContracts } from "../packages/create/src/contract/compare-contracts.ts";
import { LOCK, readLock, readLockAt } from "../packages/create/src/contract/lock-file.ts";
import { newer } from "../packages/create/src/update/version.ts";

const given = process.argv.indexOf("--root");
const root = given === -1 ? "." : process.argv[given + 1];
const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** The last version of a package that has a tag. */
function lastRelease(name) {
  const versions = git("tag", "--list", `${name}@*`)
    .split("\n")
    .filter(Boolean)
    .map((tag) => tag.slice(name.length + 1));
  return versions.reduce((last, version) => (last === undefined || newer(version, last) ? version : last), undefined);
}

/** The step that the changesets here give a package: the largest one counts. */
function announced(name) {
  const folder = join(root, ".changeset");
  const files = existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith(".md") && file !== "README.md")
    : [];
  const steps = files.flatMap((file) => {
    const [, head = ""] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readFileSync(join(folder, file), "utf8")) ?? [];
    return head.split(/\r?\n/).flatMap((line) => {
      const [, other, step] = /^\s*["']?([^"']+?)["']?\s*:\s*(major|minor|patch|none)\s*$/.exec(line) ?? [];
      return other === name ? [step] : [];
    });
  });
  return ["major", "minor", "patch"].find((step) => steps.includes(step)) ?? "none";
}

/**
 * The step that a template gets: its own, or at least a patch when core's takes core out of its range, since changesets
 * then releases the template with a new one.
 */
function planned(name, { "@offshoot/core": range = "" } = {}) {
  const own = announced(name);
  const [major] = range.replace("^", "").split(".");
  const core = announced("@offshoot/core");
  const leaves = range.startsWith("^") && (core === "major" || (core === "minor" && major === "0"));
  return own === "none" && leaves ? "patch" : own;
}

/** What a version that has been raised already, and not yet tagged, is a step of. */
function raised(from, to) {
  const [before, after] = [from, to].map((version) => version.split(/[.-]/).map(Number));
  const place = [0, 1, 2].find((index) => before[index] !== after[index]);
  return place === undefined ? "none" : ["major", "minor", "patch"][place];
}

let passed = 0;
let failed = 0;
for (const folder of readdirSync(join(root, "templates")).map((name) => join(root, "templates", name))) {
  if (!existsSync(join(folder, "package.json")) || !existsSync(join(folder, LOCK))) continue;
  const { name, version, dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const release = lastRelease(name);
  const before = release === undefined ? undefined : readLockAt(folder, `${name}@${release}`);
  if (before === undefined) {
    console.log(
      `✓ ${name}: ${release === undefined ? "no release yet" : `no ${LOCK} at ${release}`}, nothing to hold it to`,
    );
    passed += 1;
    continue;
  }
  const changes = compareContracts(before, readLock(folder));
  const wanted = bumpFor(changes, release);
  const step = version === release ? planned(name, dependencies) : raised(release, version);
  if (suffices(step, wanted)) {
    console.log(`✓ ${name}: ${changes.length} changes since ${release} ask for ${wanted}, announced is ${step}`);
    passed += 1;
    continue;
  }
  console.log(
    `✗ ${name}: its contract changed since ${release} in a way that asks for a ${wanted} release, and the changesets announce ${step}.`,
  );
  // The whole list tells what else is in the release; the heaviest stand first.
  console.log(listChanges(changes));
  console.log(`  Next: \`pnpm changeset\`, choose ${name} and ${wanted}; or take the change back.`);
  failed += 1;
}
if (passed + failed === 0) throw new Error(`There is no template with a ${LOCK} below ${join(root, "templates")}.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
