import { existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import { linkOnTheWay } from "./path-problem.ts";

/** The link inside a project through which a file would be written: it came with the project. `undefined` when there is none. */
export function linkInside(project: string, file: string): string | undefined {
  const path = relative(project, file).split(sep).join("/");
  const inside = path !== "" && !path.startsWith("../") && path !== "..";
  return inside ? linkOnTheWay(project, `${path}/`) : undefined;
}

/** Why a file that the user has named cannot be written, in words after its name; `undefined` when it can, or be made. */
export function placeProblem(project: string, file: string): string | undefined {
  const link = linkInside(project, file);
  if (link !== undefined) return `goes through "${link}", a link that may have come with the project`;
  const folder = dirname(file);
  if (!existsSync(folder) || !lstatSync(realpathSync(folder)).isDirectory()) return `needs the folder ${folder}`;
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found === undefined || found.isFile() ? undefined : "is not a file";
}
