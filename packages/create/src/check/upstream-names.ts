import { join } from "node:path";
import { envPrefixOf } from "../create/name.ts";
import { linkOnTheWay } from "../path-problem.ts";
import { binName, type Project } from "../project.ts";
import { sourceFiles } from "../source-files.ts";
import { readEntry } from "../update/snapshot.ts";

const FILES = ["package.json", "Dockerfile", "AGENTS.md", ".mcp.json", ".vscode/mcp.json"];

/** Files of a renamed project that still call it what upstream does. A name that is also its own is not upstream's. */
export function upstreamNames({ folder, marker, manifest }: Project): string[] {
  const { template } = marker;
  if (template === undefined || manifest.name === `@offshoot/${template}`) return [];
  const bin = binName(manifest);
  // A project called `notes`, or `my-offshoot-notes`, has upstream's name in its own.
  const own = [manifest.name ?? bin, bin]
    .filter((name) => name.includes(template))
    .map((name) => `(?<![\\w-]|@offshoot/)${name.replaceAll(/[^\w-]/g, "\\$&")}`);
  const ours = new RegExp([...own, `\\b${envPrefixOf(bin)}_`].join("|"), "g");
  const theirs = new RegExp(
    `@offshoot/${template}(?![\\w-])|offshoot-${template}\\b|\\b${envPrefixOf(template)}_[A-Z]`,
  );
  const hasTheirs = (text: string) => theirs.test(text.replaceAll(ours, ""));
  return [...FILES, ...sourceFiles(folder)].filter(
    (path) =>
      linkOnTheWay(folder, path) === undefined &&
      hasTheirs(readEntry(join(folder, path))?.bytes.toString("utf8") ?? ""),
  );
}
