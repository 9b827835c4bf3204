import { basename, resolve } from "node:path";
import validate from "validate-npm-package-name";
import { Refusal } from "../terminal.ts";

/** The names of a project: of its package, and of the command and server, which have no scope. */
export interface Names {
  package: string;
  bin: string;
}

/** The names that follow from a package name. Throws a {@link Refusal} for one that npm would not take. */
export function namesOf(name: string): Names {
  const { validForNewPackages, errors = [], warnings = [] } = validate(name);
  if (!validForNewPackages) {
    throw new Refusal(
      `"${name}" cannot be the name of a package: ${[...errors, ...warnings].join(", ")}.`,
      "give another with --name, in lower case and without spaces, such as my-notes.",
    );
  }
  return { package: name, bin: name.replace(/^@[^/]+\//, "") };
}

/** What the environment variables of a server begin with. A digit may not come first. */
export const envPrefixOf = (bin: string): string =>
  bin
    .toUpperCase()
    .replaceAll(/[^A-Z\d]+/g, "_")
    .replace(/^(?=\d)|^_/, "MCP_");

/** The name that a folder suggests. */
export const nameOfFolder = (folder: string): string => basename(resolve(folder)).toLowerCase().replaceAll(/\s+/g, "-");
