import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createAll, type Draft } from "./create.ts";
import type { Desk } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { folderInside, type LongTask } from "./folder.ts";
import type { Asking } from "./keys.ts";
import { limits } from "./note.ts";
import { revise } from "./revise.ts";

interface Imported {
  created: number;
  updated: number;
  unchanged: number;
  /** Files that made no note, with the reason; their path is relative to the folder. */
  refused: { file: string; reason: string }[];
}

export interface ImportOptions extends LongTask, Asking {
  /**
   * Whether a file whose front matter has the id of a note here changes that note. Otherwise every file makes a new
   * one.
   */
  update?: boolean;
}

const batch = 25;
const deepest = 16;
const largestFile = limits.bodyBytes + 65_536;

/**
 * Makes a note of every Markdown file in a folder and below. Hidden files and links are left out. What was imported
 * before an abort stays. With a key, a second import of the same files goes on where the first one ended.
 */
export async function importFolder(
  desk: Desk,
  exchange: string | undefined,
  name: string,
  options: ImportOptions = {},
) {
  const folder = await folderInside(exchange, name, false);
  const result: Imported = { created: 0, updated: 0, unchanged: 0, refused: [] };
  const files = await markdownFiles(folder, result);
  const { signal, progress, update = false, key, by } = options;
  for (let from = 0; from < files.length; from += batch) {
    signal?.throwIfAborted();
    const names = files.slice(from, from + batch);
    const read = await Promise.all(names.map((file) => readNote(folder, file)));
    const drafts: { file: string; draft: Draft }[] = [];
    for (const [index, file] of names.entries()) {
      const found = read[index];
      if (found instanceof NotesError) result.refused.push({ file, reason: found.message });
      else if (found?.id !== undefined && update) await updateNote(desk, found.id, found.draft, file, drafts, result);
      else if (found) drafts.push({ file, draft: found.draft });
    }
    const created = await createAll(
      desk,
      drafts.map(({ draft }) => draft),
      // A transaction a batch, and so a key a batch: what is on disk is told again, and the rest is done.
      { action: "import_notes", batch: from, key, by, ...(signal && { signal }) },
    );
    for (const [index, item] of created.entries()) {
      if ("note" in item) result.created++;
      else result.refused.push({ file: drafts[index]?.file ?? "", reason: item.error.message });
    }
    progress?.(Math.min(from + batch, files.length), files.length);
  }
  return result;
}

async function updateNote(
  desk: Desk,
  id: string,
  draft: Draft,
  file: string,
  drafts: { file: string; draft: Draft }[],
  result: Imported,
): Promise<void> {
  const [before] = await desk.store.find([Number(id.slice(1))]);
  if (before === undefined) {
    drafts.push({ file, draft }); // a note of another server
    return;
  }
  try {
    const { title, body, tags = [] } = draft;
    const after = await revise(desk, id, () => ({ title, body, tags }), { action: "import_notes" });
    if (after.version === before.version) result.unchanged++;
    else result.updated++;
  } catch (error) {
    if (!(error instanceof NotesError)) throw error;
    result.refused.push({ file, reason: error.message });
  }
}

/** Relative paths with "/" of the Markdown files, sorted, so that an import numbers notes the same way every time. */
async function markdownFiles(folder: string, result: Imported): Promise<string[]> {
  const files: string[] = [];
  const walk = async (path: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const file = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isSymbolicLink())
        result.refused.push({ file, reason: "It is a link: only files inside the folder are read." });
      else if (entry.isDirectory() && depth < deepest) await walk(file, depth + 1);
      else if (entry.isFile() && /\.(md|markdown)$/i.test(entry.name)) files.push(file);
      if (files.length > limits.notes)
        throw new NotesError("quota", `folder: holds more than ${limits.notes} Markdown files.`);
    }
  };
  await walk("", 1);
  return files.sort();
}

async function readNote(folder: string, file: string): Promise<{ id?: string; draft: Draft } | NotesError> {
  const text = await readText(join(folder, file));
  if (text instanceof NotesError) return text;
  // Loaded when somebody imports: a YAML parser is a twentieth of the server's start.
  const { fromMarkdown } = await import("./text/from-markdown.ts");
  const { id, title, body, tags, created_at } = fromMarkdown(text);
  const named = basename(file)
    .replace(/\.[^.]+$/, "")
    .normalize("NFC");
  const draft: Draft = { title: title ?? named, body, tags, ...(created_at !== undefined && { created_at }) };
  return id === undefined ? { draft } : { id, draft };
}

/** O_NOFOLLOW: the file may have become a link since it was listed; O_NONBLOCK: a pipe would wait for ever. */
const readOnly = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function readText(path: string): Promise<string | NotesError> {
  try {
    const handle = await open(path, readOnly);
    try {
      const { size } = await handle.stat();
      if (size > largestFile)
        return new NotesError("quota", `The file has ${size} bytes, more than the ${limits.bodyBytes} of a note.`);
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = error instanceof TypeError ? "The file is not UTF-8 text." : "The file could not be read.";
    return new NotesError("invalid", reason);
  }
}
