import { join } from "node:path";
import { envPrefixOf } from "../create/name.ts";
import { linkOnTheWay } from "../path-problem.ts";
import type { Project } from "../project.ts";
import { sourceFiles } from "../source-files.ts";
import { readEntry } from "../update/snapshot.ts";

const FILES = ["package.json", "Dockerfile", "AGENTS.md", ".mcp.json", ".vscode/mcp.json"];

/** Files of a renamed project that still call it what upstream does. A copy that keeps upstream's name has none. */
export function upstreamNames({ folder, marker, manifest }: Project): string[] {
  const { template } = marker;
  if (template === undefined || manifest.name === `@offshoot/${template}`) return [];
  const name = new RegExp(`@offshoot/${template}(?![\\w-])|offshoot-${template}\\b|\\b${envPrefixOf(template)}_[A-Z]`);
  return [...FILES, ...sourceFiles(folder)].filter(
    (path) =>
      linkOnTheWay(folder, path) === undefined &&
      name.test(readEntry(join(folder, path))?.bytes.toString("utf8") ?? ""),
  );
}
