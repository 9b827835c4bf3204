import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Project } from "../project.ts";
import { readJson } from "../read-json.ts";
import { Refusal } from "../terminal.ts";
import { isVersion } from "../update/version.ts";

/** The version of core that a project runs with. `local`: where it comes from when that is no registry. */
export function installedCore({ folder, manifest }: Project): { version: string; local?: string } {
  const file = find(folder);
  if (file === undefined) throw new Refusal("@offshoot/core is not installed.", "install the dependencies.");
  const { version } = readJson(file, "install the dependencies again.");
  if (!isVersion(version)) throw new Refusal(`${file} names no version.`, "install the dependencies again.");
  const range = manifest.dependencies?.["@offshoot/core"] ?? "";
  return /^(file|link|workspace|git|https?):/.test(range) ? { version, local: range } : { version };
}

/** Its manifest, here or in a workspace around. By its place, because a package need not export its manifest. */
function find(folder: string): string | undefined {
  const file = join(folder, "node_modules/@offshoot/core/package.json");
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : find(dirname(folder));
}
