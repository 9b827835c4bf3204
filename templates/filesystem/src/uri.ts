import { sep } from "node:path";
import { pathToFileURL } from "node:url";

/** The one URI under which a path is listed, read and announced: what other programs write for it, too. */
export const uriOf = (path: string): string => pathToFileURL(path).href;

/** The path that the variable of `file:///{+path}` stands for, decoded. */
export const pathOf = (variable: string): string =>
  /^[A-Za-z]:/.test(variable) && sep === "\\" ? variable : `/${variable}`;
