import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { templateNames } from "../../../src/templates.ts";
import { must } from "../command.ts";
import { environment } from "../managers.ts";
import { done, type Report, timed } from "../row.ts";
import { openVerdaccio } from "../verdaccio.ts";
import { checkout } from "../ways.ts";

/**
 * The releases to come, rehearsed in a clone on a registry of this machine: the first one, then a patch, a minor and a
 * major of core, each by the scripts that the release workflow runs. After each, what was published is what a user gets:
 * a new project with `npm create`, and what core a project of the first release gets when it installs again.
 */
export async function rehearsal(report: Report): Promise<void> {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "offshoot-release-")));
  const clone = join(scratch, "clone");
  await must(["git", "clone", "--quiet", checkout, clone], scratch);
  const registry = await openVerdaccio(join(scratch, "verdaccio"));
  try {
    const env = inClone(clone, scratch, registry.url);
    await must(["pnpm", "install", "--frozen-lockfile"], clone, env);
    for (const step of ["first", "patch", "minor", "major"] as const)
      report(await release(step, { clone, scratch, env, url: registry.url }));
  } finally {
    await registry.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Place {
  clone: string;
  scratch: string;
  env: NodeJS.ProcessEnv;
  url: string;
}

function release(step: "first" | "patch" | "minor" | "major", { clone, scratch, env, url }: Place) {
  const json = (...path: string[]) => JSON.parse(readFileSync(join(clone, ...path), "utf8"));
  const what = step === "first" ? "the first release" : `a ${step} of core`;
  return timed({ part: "rehearsal", what }, [
    [
      "version",
      async () => {
        if (step === "first") return versions(json);
        const before = versions(json);
        writeFileSync(
          join(clone, ".changeset/rehearsal.md"),
          `---\n"@offshoot/core": ${step}\n---\n\nA ${step} of core.\n`,
        );
        await must(["node", "scripts/version.mjs"], clone, env);
        const after = versions(json);
        await must(["git", "add", "--all"], clone, env);
        await must(["git", "commit", "--quiet", "--message", `A ${step} of core`], clone, env);
        if (before === after) throw new Error("no version was raised");
        return after;
      },
    ],
    ["build", () => done(must(["turbo", "run", "build", "--output-logs=errors-only"], clone, env))],
    ["check", () => done(must(["node", "scripts/check-copies.mjs"], clone, env))],
    ["publish", () => done(must(["node", "scripts/publish.mjs"], clone, env))],
    [
      "look",
      async () => {
        for (const name of folders()) {
          const { name: published, version } = json(name, "package.json");
          const { ok } = await fetch(`${url}${published.replace("/", "%2f")}/${version}`);
          if (!ok) throw new Error(`${published}@${version} was not published`);
        }
        return undefined;
      },
    ],
    [
      "npm create",
      async () => {
        const cwd = join(scratch, `user-${step}`);
        mkdirSync(cwd);
        const words = ["mine", "--", "--template", "notes", "--no-git"];
        await must(["npm", "create", "--yes", "offshoot@latest", ...words], cwd, env);
        return `core ${await resolvedCore(join(cwd, "mine"), env)}`;
      },
    ],
    ["a project of the first release", async () => `core ${await resolvedCore(join(scratch, "user-first/mine"), env)}`],
  ]);
}

const folders = (): string[] => [
  "packages/core",
  "packages/create",
  ...templateNames().map((name) => `templates/${name}`),
];

/** Versions in one line; what a template says of core and of itself must agree with them. */
function versions(json: (...path: string[]) => { version: string; dependencies: Record<string, string> }): string {
  const templates = templateNames().map((name) => {
    const { version, dependencies } = json("templates", name, "package.json");
    const base = json("templates", name, "offshoot.json").version;
    if (base !== version) throw new Error(`offshoot.json of ${name} says ${base}, and it is ${version}`);
    return `${name} ${version} on core ${dependencies["@offshoot/core"]}`;
  });
  const [core, create] = ["packages/core", "packages/create"].map((folder) => json(folder, "package.json").version);
  return [`core ${core}`, `create-offshoot ${create}`, ...templates].join(", ");
}

/** The core that an install without a lockfile resolves to. */
async function resolvedCore(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  await rm(join(folder, "package-lock.json"), { force: true });
  await must(["npm", "install", "--no-audit", "--package-lock-only", "--prefer-online"], folder, env);
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  return packages["node_modules/@offshoot/core"].version;
}

/** The tools of the clone, a registry that takes anybody's word, and a name for the commits. */
function inClone(clone: string, scratch: string, url: string): NodeJS.ProcessEnv {
  const who = { NAME: "Rehearsal", EMAIL: "rehearsal@localhost" };
  const npmrc = join(scratch, "npmrc");
  writeFileSync(npmrc, `registry=${url}\n${url.replace("http:", "")}:_authToken=rehearsal\n`);
  writeFileSync(join(clone, ".npmrc"), readFileSync(npmrc));
  return {
    ...environment(url, join(clone, "node_modules/.bin"), scratch),
    npm_config_userconfig: npmrc,
    npm_config_cache: join(scratch, "cache"),
    GIT_AUTHOR_NAME: who.NAME,
    GIT_AUTHOR_EMAIL: who.EMAIL,
    GIT_COMMITTER_NAME: who.NAME,
    GIT_COMMITTER_EMAIL: who.EMAIL,
  };
}
