import { existsSync, lstatSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Manifest, manifestProblem } from "./manifest.ts";
import { type Marker, readMarker } from "./marker.ts";
import { linkOnTheWay, pathProblem } from "./path-problem.ts";
import { readJson } from "./read-json.ts";
import { Refusal } from "./terminal.ts";

/** A server's project. */
export interface Project {
  folder: string;
  /** Without a template in a server that was written from nothing. */
  marker: Partial<Marker>;
  manifest: Manifest;
}

/** Reads the project in this folder, made from a template or not. @throws Refusal when there is no package.json */
export function openProject(folder = process.cwd()): Project {
  const where = resolve(folder);
  const marked = existsSync(join(where, "offshoot.json"));
  return marked ? openFork(where) : { folder: where, marker: {}, manifest: readManifest(where) };
}

/** A project made from a template. */
export interface Fork extends Project {
  marker: Marker;
}

/** Reads the project in this folder, which a template knows of. @throws Refusal when there is none */
export function openFork(folder = process.cwd()): Fork {
  const where = resolve(folder);
  const file = join(where, "offshoot.json");
  if (!existsSync(file))
    throw new Refusal(
      `${where} has no offshoot.json: it is not the folder of a project made from a template.`,
      'go to the folder of your project. It lost the file? Write it again: {"template": "notes", "version": "<the version you copied>"}.',
    );
  return { folder: where, marker: readMarker(file), manifest: readManifest(where) };
}

/** Reads a folder's package.json. @throws Refusal when there is none, or it is of another shape */
function readManifest(folder: string): Manifest {
  const file = join(folder, "package.json");
  if (!existsSync(file)) throw new Refusal(`There is no ${file}.`, "go to the folder of your project.");
  const manifest = readJson(file, "fix it; a merge may have left conflict markers.");
  const problem = manifestProblem(manifest);
  if (problem !== undefined)
    throw new Refusal(`In ${file}, ${problem}.`, "fix it: `npm pkg get` shows what npm reads.");
  return manifest;
}

/** What the server is called: its bin, or the package without its scope. */
export const binName = ({ bin, name = "server" }: Manifest): string =>
  (typeof bin === "object" ? Object.keys(bin)[0] : undefined) ?? name.replace(/^@[^/]*\//, "");

/** The built bin of a server. @throws Refusal when it is not built */
export function builtBin({ folder, manifest }: Pick<Project, "folder" | "manifest">): string {
  const bins = typeof manifest.bin === "string" ? [manifest.bin] : Object.values(manifest.bin ?? {});
  if (typeof bins[0] !== "string")
    throw new Refusal("package.json names no bin.", 'add "bin": { "<name>": "dist/main.js" }.');
  const path = bins[0].replace(/^\.\//, "");
  const problem = pathProblem(path) ?? (linkOnTheWay(folder, path) === undefined ? undefined : "goes through a link");
  if (problem !== undefined)
    throw new Refusal(
      `package.json names the bin ${JSON.stringify(bins[0])}, which ${problem}.`,
      "name the built file of this project, such as dist/main.js.",
    );
  const file = join(folder, path);
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile())
    throw new Refusal(`The server is not built: there is no file ${file}.`, "`npm run build`.");
  return file;
}
