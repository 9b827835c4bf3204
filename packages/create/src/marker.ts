import { isObject } from "./contract/schema.ts";
import { pathProblem } from "./path-problem.ts";
import { readJson } from "./read-json.ts";
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

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isListOfTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
/** Longer ones name no path; what matches them refuses 65 536 characters. */
const isListOfGlobs = (value: unknown): boolean =>
  isListOfTexts(value) && (value as string[]).every((glob) => glob.length <= 1024);

const isNeed = (value: unknown): boolean =>
  isObject(value) &&
  ["directory", "file", "string"].includes(value.type as string) &&
  [value.title, value.description, value.example].every(isText) &&
  (value.multiple === undefined || typeof value.multiple === "boolean");

/** Each member: whether a value fits, what it is, and an example. */
const MEMBERS: Record<Exclude<keyof Marker, "template" | "version">, [(value: unknown) => boolean, string, string]> = {
  name: [
    (value) => isText(value) && /^(?:@[a-z\d._~-]+\/)?[a-z\d._~-]+$/.test(value),
    "the name of a package",
    '"my-notes"',
  ],
  mine: [isListOfGlobs, "a list of globs", '["src/domain/**", "README.md"]'],
  domain: [isListOfGlobs, "a list of globs", '["src/domain/**"]'],
  bin: [(value) => isText(value) && pathProblem(value) === undefined, "a path in the project", '"src/main.ts"'],
  args: [isListOfTexts, "a list of arguments", '["--store", "memory"]'],
  needs: [
    (value) => isObject(value) && Object.values(value).every(isNeed),
    "a list of arguments by name",
    '{ "folder": { "type": "directory", "title": "Folder", "description": "…", "example": "/a/folder" } }',
  ],
};

/** Reads an `offshoot.json`. @throws Refusal for one of another shape */
export function readMarker(file: string): Marker {
  const marker = readJson(file, "fix it; a merge may have left conflict markers.");
  const problem = markerProblem(marker);
  if (problem !== undefined) throw new Refusal(`${file} ${problem.what}.`, `${problem.next}.`);
  return marker as unknown as Marker;
}

/** What is wrong with the data of an `offshoot.json`, to be put after its name; `undefined` when nothing is. */
export function markerProblem(marker: Record<string, unknown>): { what: string; next: string } | undefined {
  if (!isText(marker.template) || !/^[a-z][a-z\d-]*$/.test(marker.template) || !isVersion(marker.version))
    return {
      what: "does not name a template and a version",
      next: 'write {"template": "notes", "version": "0.1.0"}: the version exactly, as on the registry',
    };
  for (const [key, [fits, what, example]] of Object.entries(MEMBERS))
    if (marker[key] !== undefined && !fits(marker[key]))
      return { what: `has a "${key}" that is not ${what}`, next: `write "${key}": ${example}, or remove it` };
  return undefined;
}
