/**
 * Puts the templates into `dist/templates/`, as they are packed for npm: `create-offshoot` needs no network to copy one.
 * Names that begin with a dot are written with `_dot_` instead, because npm leaves some of them out of a tarball and obeys others.
 */
import { cpSync, existsSync, globSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isProjectFile, nameInPackage } from "./src/templates.ts";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "../../templates");
const destination = join(here, "dist/templates");

/** Every file that a manifest's `files` let in; npm packs the manifest and the README without being asked. */
function packedFiles(folder: string): string[] {
  const { files } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { files: string[] };
  return ["package.json", "README.md", ...files.filter((pattern) => pattern !== "dist" && !pattern.startsWith("!"))]
    .flatMap((pattern) => globSync(pattern, { cwd: folder, withFileTypes: true }))
    .flatMap((top) => (top.isDirectory() ? filesBelow(join(top.parentPath, top.name)) : join(top.parentPath, top.name)))
    .map((file) => relative(folder, file).replaceAll("\\", "/"))
    .filter(isProjectFile);
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

rmSync(destination, { recursive: true, force: true });
for (const name of readdirSync(source)) {
  const folder = join(source, name);
  if (!existsSync(join(folder, "package.json"))) continue;
  for (const path of packedFiles(folder)) {
    cpSync(join(folder, path), join(destination, name, nameInPackage(path)));
  }
}
