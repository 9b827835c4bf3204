import { isUtf8 } from "node:buffer";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOCK, readLock } from "../contract/lock-file.ts";
import { linkOnTheWay, pathProblem } from "../path-problem.ts";
import { openProject } from "../project.ts";
import { sourceFiles } from "../source-files.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";
import { importPath, insertAt } from "./insert.ts";
import { type Piece, type PieceNames, pieces } from "./pieces.ts";

/** `offshoot add`: one more tool, resource or prompt, with its test, in the server's lists. */
export const add = defineCommand({
  usage: "add tool|resource|prompt <name>",
  summary: "Writes a tool, a resource or a prompt with its test, and registers it in the server.",
  options: {},
  examples: [
    [
      "offshoot add tool count_words",
      "src/tools/count-words.ts, test/count-words.test.ts, and a line in src/server.ts",
    ],
    ["offshoot add prompt review_week", "the same for a prompt"],
  ],
  async run({ words: [kind = "", name = "", ...more] }) {
    if (!Object.hasOwn(pieces, kind) || name === "" || more.length > 0)
      throw new Refusal(
        "Add what?",
        "say one of tool, resource, prompt, and its name: `offshoot add tool count_words`.",
      );
    if (!/^[a-z][a-z\d]*(?:_[a-z\d]+)*$/.test(name) || name.length > 60)
      throw new Refusal(
        `"${name}" is not a name for a ${kind}.`,
        "use lower case and underscores, such as count_words.",
      );
    const { folder } = openProject();
    const piece = pieces[kind as keyof typeof pieces];
    const { written, missing } = write(folder, kind, name, piece);
    return {
      data: { written, missing },
      text: [
        ...written.map((path) => `wrote  ${path}`),
        ...missing.map(
          ({ marker, line, places, where }) =>
            `${places === 0 ? `${where} has no comment` : `${where} has ${places} comments`} "// ${marker}": add this line yourself:\n  ${line}`,
        ),
        "Next: write its handler, run `npx vitest run -u` to update the contract lock, and read the diff.",
      ].join("\n"),
    };
  },
});

interface Missing {
  marker: string;
  line: string;
  places: number;
  /** Where it was looked for. */
  where: string;
}

function write(folder: string, kind: string, name: string, piece: Piece): { written: string[]; missing: Missing[] } {
  const file = name.replaceAll("_", "-");
  const camel = name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const source = `src/${piece.folder}/${file}.ts`;
  const test = `test/${file}.test.ts`;
  const names: PieceNames = {
    name,
    title: name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " "),
    variable: `${camel}${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
    path: importPath(test, source),
  };
  const files = new Map<string, string>([
    [source, piece.source(names)],
    [test, piece.test(names)],
  ]);
  for (const path of files.keys()) {
    const problem = pathProblem(path);
    if (problem !== undefined)
      throw new Refusal(`Its file would be ${path}, which ${problem}.`, "choose another name.");
    if (lstatSync(join(folder, path), { throwIfNoEntry: false }))
      throw new Refusal(`${path} exists already.`, "choose another name.");
    const link = linkOnTheWay(folder, path);
    if (link !== undefined) throw new Refusal(`${link} is a link.`, "put a folder in its place.");
  }
  if (namesInLock(folder, kind).includes(name))
    throw new Refusal(`This server has a ${kind} "${name}" already: ${LOCK} names it.`, "choose another name.");
  const changed = new Map<string, string>();
  const missing: Missing[] = [];
  const project = sourcesOf(folder);
  const insert = (marker: string, lineFor: (path: string) => string, only?: string): string | undefined => {
    const among = only === undefined ? project : new Map([[only, project.get(only) as string]]);
    const insertion = insertAt(among, marker, lineFor);
    if (typeof insertion === "number") {
      missing.push({ marker, line: lineFor(only ?? "src/server.ts"), places: insertion, where: only ?? "The project" });
      return undefined;
    }
    project.set(insertion.path, insertion.text);
    changed.set(insertion.path, insertion.text);
    return insertion.path;
  };
  const taken = (path: string): boolean => new RegExp(`\\b${names.variable}\\b`).test(project.get(path) ?? "");
  const server = [...project.keys()].find((path) => path.startsWith("src/") && taken(path));
  if (server !== undefined) throw new Refusal(`${server} has a ${names.variable} already.`, "choose another name.");
  const list = insert(piece.marker, () => `${names.variable},`);
  // Where the list is: a name that another file imports is none there.
  insert("offshoot:imports", (path) => `import { ${names.variable} } from "${importPath(path, source)}";`, list);
  const { sample } = piece;
  if (sample) insert(`${piece.marker.replace(/s$/, "")}-samples`, () => sample(names));
  requireWritable(folder, changed.keys());
  writeAll(folder, files, changed);
  return { written: [...files.keys(), ...changed.keys()], missing };
}

/** New files first: a list never names what is not there. */
function writeAll(folder: string, files: Map<string, string>, changed: Map<string, string>): void {
  try {
    for (const [path, text] of [...files, ...changed]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      const file = join(folder, path);
      writeFileAtomically(file, text, changed.has(path) ? statSync(file).mode & 0o777 : undefined);
    }
  } catch (error) {
    for (const path of files.keys()) rmSync(join(folder, path), { force: true });
    throw error;
  }
}

/** What the server has of a kind; nothing where there is no lock yet. */
function namesInLock(folder: string, kind: string): unknown[] {
  if (!existsSync(join(folder, LOCK))) return [];
  // Resources stand there by their URI, with a name.
  const list = (readLock(folder)[`${kind}s`] ?? {}) as Record<string, { name?: unknown }>;
  return Object.entries(list).map(([key, item]) => item.name ?? key);
}

function requireWritable(folder: string, paths: Iterable<string>): void {
  for (const path of paths)
    if ((statSync(join(folder, path)).mode & 0o200) === 0)
      throw new Refusal(`${path} is read-only.`, "make it writable, or add the lines yourself.");
}

/** The project's own TypeScript, by path. What is not UTF-8 is left alone: written again, it would be damaged. */
function sourcesOf(folder: string): Map<string, string> {
  const paths = sourceFiles(folder).filter((path) => /\.[cm]?tsx?$/.test(path));
  const files = paths.map((path) => [path, readFileSync(join(folder, path))] as const);
  return new Map(files.filter(([, bytes]) => isUtf8(bytes)).map(([path, bytes]) => [path, bytes.toString("utf8")]));
}
