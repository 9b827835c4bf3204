/** The templates that this package carries, and which files of a template belong to a project. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// The same place seen from src/ and from dist/, so that sources and the built package read the same files.
const carried = fileURLToPath(new URL("../dist/templates/", import.meta.url));

/** A template as this package carries it. */
export interface Template {
  name: string;
  version: string;
  description: string;
  /** Contents by path, with `/` between folders. */
  files: Map<string, TemplateFile>;
}

/** One file of a template. */
export interface TemplateFile {
  bytes: Buffer;
  executable: boolean;
}

/** What of a packed template a project does not get: what was built, and what speaks of upstream's releases and rights. */
const upstreams = /^(?:dist\/|node_modules\/|CHANGELOG\.md$|LICENSE$)/;

/** Whether a file of a template's tarball is part of the projects made from it. */
export const isProjectFile = (path: string): boolean => !upstreams.test(path);

/** How a path is written in this package: npm leaves `.gitignore` and its like out of a tarball, or obeys them. */
export const nameInPackage = (path: string): string => path.replaceAll(/(^|\/)\./g, "$1_dot_");

const projectName = (path: string): string => path.replaceAll(/(^|\/)_dot_/g, "$1.");

/** What is made when no template is named. */
export const SMALLEST = "minimal";

/** The names of the templates, the smallest first. */
export const templateNames = (): string[] =>
  existsSync(carried)
    ? readdirSync(carried).sort((a, b) => (a === SMALLEST ? -1 : b === SMALLEST ? 1 : a < b ? -1 : 1))
    : [];

/** Reads a template. Throws for an unknown name. */
export function readTemplate(name: string): Template {
  const folder = join(carried, name);
  const files = new Map<string, TemplateFile>();
  for (const path of pathsBelow(folder)) {
    const full = join(folder, path);
    files.set(projectName(path), { bytes: readFileSync(full), executable: (statSync(full).mode & 0o100) !== 0 });
  }
  const { version, description } = JSON.parse(String(files.get("package.json")?.bytes));
  return { name, version, description, files };
}

/** Not `readdirSync(…, { recursive: true })`: run by `yarn create` this package is a zip, and yarn's own fs lacks that. */
const pathsBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? pathsBelow(join(folder, entry.name)).map((path) => `${entry.name}/${path}`) : entry.name,
  );
