import { equal } from "../contract/schema.ts";
import type { Manifest } from "../manifest.ts";
import { own } from "../own.ts";
import type { FileEntry } from "./files.ts";

/** Scripts that a package manager runs at an install, or around a gate, without being told to. */
const SCRIPTS =
  /^(?:(?:pre|post)?(?:install|prepare)|(?:pre|post)?prepublish|dependencies|(?:pre|post)(?:types|build|test))$/;

/** Files that change where an install gets packages from, or what it runs. */
const FILES =
  /^(?:\.npmrc|\.yarnrc(?:\.yml)?|\.yarn\/(?:releases|plugins)\/.*|\.?pnpmfile\.c?js|\.pnpmfile\.mjs|pnpm-workspace\.yaml|bunfig\.toml|binding\.gyp|\.corepack\.env)$/;

/** Members of package.json that say where packages come from, or which of them run something. */
const MEMBERS = ["overrides", "resolutions", "pnpm", "trustedDependencies", "packageManager", "workspaces", "gypfile"];

const DEPENDENCIES = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] as const;

/**
 * What a merge brings that the next install or test would run or fetch by itself, a line each: scripts of package.json,
 * dependencies from elsewhere than the registry, settings of a package manager. An update only says so: whether they are
 * run is for the user to decide.
 */
export function findUnasked(
  yours: Buffer | undefined,
  merged: Buffer | undefined,
  changes: ReadonlyMap<string, FileEntry | undefined>,
): string[] {
  const [before, after] = [manifestOf(yours), manifestOf(merged)];
  const scripts = Object.entries(after.scripts ?? {})
    .filter(([name, command]) => SCRIPTS.test(name) && own(before.scripts ?? {}, name) !== command)
    .map(([name, command]) => `the script ${name}: ${command}`);
  const foreign = DEPENDENCIES.flatMap((kind) => {
    const old = (before[kind] ?? {}) as Record<string, string>;
    return Object.entries((after[kind] ?? {}) as Record<string, string>)
      .filter(([name, range]) => own(old, name) !== range && /[:/]/.test(range))
      .map(([name, range]) => `${name} from ${range}`);
  });
  const files = [...changes]
    .filter(([path, entry]) => entry !== undefined && FILES.test(path))
    .map(([path]) => `the settings in ${path}`);
  const members = MEMBERS.filter((key) => !equal(before[key], after[key])).map((key) => `"${key}" in package.json`);
  return [...scripts, ...foreign, ...members, ...files];
}

function manifestOf(bytes: Buffer | undefined): Manifest {
  try {
    return JSON.parse(String(bytes ?? "{}")) as Manifest;
  } catch {
    return {};
  }
}
