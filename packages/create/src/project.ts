import { existsSync, lstatSync } from "node:fs";
import { join, resolve } from "node:path";
import { linkOnTheWay, pathProblem } from "./path-problem.ts";
import { readPlainFile } from "./read-plain-file.ts";
import { Refusal } from "./terminal.ts";
import { isVersion } from "./update/version.ts";

/** What `offshoot.json` says: where a project comes from. */
export interface Marker {
  template: string;
  /** Of the template, when it was last taken over. */
  version: string;
  /** The project's own name, under which upstream's files are written before they are compared. */
  name?: string;
  /** Globs of the files that are the project's own: an update leaves them alone. */
  mine?: string[];
  /** Of a template: what of it is the domain and is to be replaced, as `mine` of those who build their own. */
  domain?: string[];
  /** What clients start in a project, for a template whose package on npm has another file in its place. */
  bin?: string;
  /** Arguments that let the server start in an empty folder, for those that need some. */
  args?: string[];
  /** What its user has to name before it can start, in the order of the command line. */
  needs?: Record<string, Need>;
}

/** An argument that only the user of a server knows. */
export interface Need {
  type: "directory" | "file" | "string";
  title: string;
  description: string;
  /** Whether there may be several. */
  multiple?: boolean;
  /** What stands for it where settings are printed. */
  example: string;
}

/** What stands for the arguments that only the user knows. */
export const exampleArguments = ({ needs = {} }: Pick<Marker, "needs">): string[] =>
  Object.values(needs).map(({ example }) => example);

/** A server's project. */
export interface Project {
  folder: string;
  /** Without a template in a server that was written from nothing. */
  marker: Partial<Marker>;
  manifest: Manifest;
}

/** The parts of a package.json that this reads. */
export interface Manifest {
  name?: string;
  version?: string;
  description?: string;
  bin?: string | Record<string, string>;
  author?: unknown;
  license?: string;
  keywords?: string[];
  private?: boolean;
  engines?: { node?: string };
  /** The server's name on the MCP registry. */
  mcpName?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  [key: string]: unknown;
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
  const marker = readJson(file) as Marker;
  if (!/^[a-z][a-z\d-]*$/.test(String(marker?.template ?? "")) || !isVersion(marker.version))
    throw new Refusal(
      `${file} does not name a template and a version.`,
      'write {"template": "notes", "version": "0.1.0"}: the version exactly, as on the registry.',
    );
  if (
    marker.mine !== undefined &&
    !(Array.isArray(marker.mine) && marker.mine.every((glob) => typeof glob === "string"))
  )
    throw new Refusal(`"mine" in ${file} is not a list of globs.`, 'write "mine": ["src/domain/**", "README.md"].');
  return { folder: where, marker, manifest: readManifest(where) };
}

/** Reads a folder's package.json. @throws Refusal when there is none, or it is no JSON */
function readManifest(folder: string): Manifest {
  const file = join(folder, "package.json");
  if (!existsSync(file)) throw new Refusal(`There is no ${file}.`, "go to the folder of your project.");
  return readJson(file) as Manifest;
}

function readJson(file: string): unknown {
  const { bytes } = readPlainFile(file);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new Refusal(
      `${file} is not JSON: ${(cause as Error).message}.`,
      "fix it; a merge may have left its markers.",
      {
        cause,
      },
    );
  }
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
