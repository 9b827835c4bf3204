import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkOnTheWay } from "../path-problem.ts";
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
          ({ marker, line }) => `No file has the comment "// ${marker}": add this line yourself:\n  ${line}`,
        ),
        "Next: write its handler, run `npx vitest run -u` to update the contract lock, and read the diff.",
      ].join("\n"),
    };
  },
});

interface Missing {
  marker: string;
  line: string;
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
    if (existsSync(join(folder, path))) throw new Refusal(`${path} exists already.`, "choose another name.");
    const link = linkOnTheWay(folder, path);
    if (link !== undefined) throw new Refusal(`${link} is a link.`, "put a folder in its place.");
  }
  const lines: [marker: string, lineFor: (path: string) => string][] = [
    ["offshoot:imports", (path) => `import { ${names.variable} } from "${importPath(path, source)}";`],
    [piece.marker, () => `${names.variable},`],
  ];
  const { sample } = piece;
  if (sample) lines.push([`${piece.marker.replace(/s$/, "")}-samples`, () => sample(names)]);
  const changed = new Map<string, string>();
  const missing: Missing[] = [];
  const project = sourcesOf(folder);
  for (const [marker, lineFor] of lines) {
    const insertion = insertAt(project, marker, lineFor);
    if (insertion === undefined) missing.push({ marker, line: lineFor("src/server.ts") });
    else {
      project.set(insertion.path, insertion.text);
      changed.set(insertion.path, insertion.text);
    }
  }
  writeAll(folder, files, changed);
  return { written: [...files.keys(), ...changed.keys()], missing };
}

/** New files first: a list never names what is not there. */
function writeAll(folder: string, files: Map<string, string>, changed: Map<string, string>): void {
  try {
    for (const [path, text] of [...files, ...changed]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileAtomically(join(folder, path), text);
    }
  } catch (error) {
    for (const path of files.keys()) rmSync(join(folder, path), { force: true });
    throw error;
  }
}

/** The project's own TypeScript, by path. */
function sourcesOf(folder: string): Map<string, string> {
  const paths = sourceFiles(folder).filter((path) => /\.[cm]?tsx?$/.test(path));
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}
