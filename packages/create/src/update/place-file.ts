import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { linkOnTheWay, pathProblem } from "../path-problem.ts";
import { Refusal } from "../terminal.ts";
import { writeNewFile } from "../write-file.ts";
import { type FileEntry, sameFile } from "./files.ts";
import { readEntry } from "./snapshot.ts";

/** Nothing is written through a link, nor where git or this command keep what is theirs. @throws Refusal */
export function requireOwnPlace(folder: string, path: string): void {
  const problem = pathProblem(path);
  const link = problem === undefined ? linkOnTheWay(folder, path) : undefined;
  if (problem !== undefined)
    throw new Refusal(
      `The update would write ${JSON.stringify(path)}, which ${problem}. Nothing was written.`,
      "take the template from where it is published; if it is your own file, give it another name.",
    );
  if (link !== undefined)
    throw new Refusal(
      `The update would write ${JSON.stringify(path)} through the link "${link}". Nothing was written.`,
      `put a folder in the place of "${link}", or remove the link while you update.`,
    );
}

/** Takes away a folder that has nothing left in it, and those around it. */
export function removeEmpty(folder: string, path: string): void {
  if (path === "." || !existsSync(join(folder, path)) || readdirSync(join(folder, path)).length > 0) return;
  rmdirSync(join(folder, path));
  removeEmpty(folder, dirname(path));
}

/** Where a file is written before it takes its place. */
export const draftIn = (file: string, token: string): string => join(dirname(file), `.offshoot-${token}`);

/** Puts a file into its place in one step. Its other permissions stay as they are. */
export function placeFile(file: string, entry: FileEntry, token: string): void {
  const now = readEntry(file);
  if (sameFile(now, entry)) return;
  mkdirSync(dirname(file), { recursive: true });
  const draft = draftIn(file, token);
  try {
    if (entry.link) symlinkSync(entry.bytes.toString("utf8"), draft);
    else {
      const mode = now === undefined || now.link ? 0o644 : lstatSync(file).mode & 0o777;
      writeNewFile(draft, entry.bytes, 0o600);
      chmodSync(draft, entry.executable ? mode | ((mode & 0o444) >> 2) : mode & ~0o111);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
