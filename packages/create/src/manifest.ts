import { isVersion } from "./update/version.ts";

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

type Fits = (value: unknown) => boolean;

const isText: Fits = (value) => typeof value === "string";
const isTable = (key: RegExp): Fits => {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([name, text]) => key.test(name) && isText(text));
};
const isTableOfTexts = isTable(/^/);

/** Names become parts of paths, of commands and of clients' settings. */
const NAME = /^[a-z\d_~-][a-z\d._~-]{0,213}$/i;
const isName: Fits = (value) =>
  isText(value) && NAME.test((value as string).replace(/^@[a-z\d_~-][a-z\d._~-]*\//i, ""));

const MEMBERS: Record<string, [fits: Fits, what: string]> = {
  name: [isName, "the name of a package"],
  version: [isVersion, "a version such as 1.2.3"],
  description: [isText, "a text"],
  bin: [(value) => isText(value) || isTable(NAME)(value), "a path, or paths by the names of commands"],
  scripts: [isTableOfTexts, "a table of commands"],
  dependencies: [isTableOfTexts, "a table of version ranges"],
  devDependencies: [isTableOfTexts, "a table of version ranges"],
  optionalDependencies: [isTableOfTexts, "a table of version ranges"],
  peerDependencies: [isTableOfTexts, "a table of version ranges"],
};

/** What in a package.json is not of the kind that it has to be, in words: `"bin" is not …`; `undefined` when all is. */
export function manifestProblem(data: Record<string, unknown>): string | undefined {
  const wrong = Object.entries(MEMBERS).find(([key, [fits]]) => data[key] !== undefined && !fits(data[key]));
  return wrong && `"${wrong[0]}" is not ${wrong[1][1]}`;
}
