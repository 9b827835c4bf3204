import type { Ignore } from "ignore";
import { FilesError } from "../errors.ts";
import type { OpenDirectory, SafeFs } from "../safe-fs/safe-fs.ts";
import type { Walked } from "../safe-fs/walk.ts";

/** Whether git would leave an entry out, asked for on the way of a walk: what is below a folder left out is not asked. */
export type Gitignore = (walked: Pick<Walked, "path" | "type" | "depth" | "directory">) => boolean;

/** The rules of one `.gitignore`, and where the walk begins below its folder. */
interface Rules {
  rules: Ignore;
  above: string;
}

const mostBytes = 1024 * 1024;

/**
 * Reads every `.gitignore` on the way, and those above the folder where the walk begins, up to its repository or its
 * allowed folder. Rules above that leave out this very folder do not count: it was asked for.
 */
export async function openGitignore(safeFs: SafeFs, path: string): Promise<Gitignore> {
  const { default: ignore } = await import("ignore");
  const rulesIn = (directory: OpenDirectory): Ignore | undefined => {
    const text = textOf(directory);
    return text === undefined ? undefined : ignore({ ignorecase: false }).add(inBytes(text));
  };
  const outer = rulesAbove(safeFs, path, rulesIn);
  const inner: { directory: OpenDirectory; rules: Ignore | undefined }[] = [];

  return ({ path: below, type, depth, directory }) => {
    if (inner[depth]?.directory !== directory) inner[depth] = { directory, rules: rulesIn(directory) };
    const names = inBytes(below).split("/");
    if (names.at(-1) === ".git") return true;
    const end = type === "directory" ? "/" : "";
    // The nearest file that says anything decides.
    for (let level = depth; level >= 1; level--) {
      const said = inner[level]?.rules?.test(names.slice(level - 1).join("/") + end);
      if (said?.ignored || said?.unignored) return said.ignored;
    }
    for (const { rules, above } of outer) {
      const said = rules.test(`${above}/${names.join("/")}${end}`);
      if (said.ignored || said.unignored) return said.ignored;
    }
    return false;
  };
}

/** Git matches bytes: "?" is one of them. So each byte that is no ASCII becomes a sign of its own, and no blank. */
const inBytes = (text: string): string =>
  text.replace(/[^\0-\x7f]+/g, (part) =>
    [...Buffer.from(part)].map((byte) => String.fromCharCode(0x4e00 + byte)).join(""),
  );

/** The nearest first. */
function rulesAbove(safeFs: SafeFs, path: string, rulesIn: (directory: OpenDirectory) => Ignore | undefined): Rules[] {
  const start = safeFs.openDirectory(path);
  start.close();
  const names = start.relative.split("/").filter((name) => name !== "");
  const found: Rules[] = [];
  let isTop = holdsRepository(safeFs, path);
  for (let depth = names.length - 1; depth >= 0 && !isTop; depth--) {
    const at = [start.root.given, ...names.slice(0, depth)].join("/");
    const directory = safeFs.openDirectory(at);
    try {
      const rules = rulesIn(directory);
      const above = inBytes(names.slice(depth).join("/"));
      if (rules?.ignores(`${above}/`)) return [];
      if (rules) found.push({ rules, above });
      isTop = holdsRepository(safeFs, at);
    } finally {
      directory.close();
    }
  }
  return found;
}

function holdsRepository(safeFs: SafeFs, path: string): boolean {
  const directory = safeFs.openDirectory(path);
  try {
    return directory.factsOf(".git") !== undefined;
  } finally {
    directory.close();
  }
}

function textOf(directory: OpenDirectory): string | undefined {
  try {
    const file = directory.openFile(".gitignore");
    try {
      if (file.facts.size > mostBytes) return undefined;
      const bytes = Buffer.alloc(file.facts.size);
      return bytes.toString("utf8", 0, file.readSync(bytes, 0)).replace(/^\ufeff/, "");
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof FilesError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
