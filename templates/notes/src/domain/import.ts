import { importAttachment } from "./attachments.ts";
import { createAll, type Draft } from "./create.ts";
import type { Desk } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { basenameOf } from "./file-name.ts";
import { folderInside, type LongTask } from "./folder.ts";
import { type Asking, keyRow, replay } from "./keys.ts";
import { limits } from "./note.ts";
import { revise } from "./revise.ts";
import type { Content, NoteRow } from "./store/store.ts";
import type { ParsedMarkdown } from "./text/from-markdown.ts";
import { lastPart, withoutExtension } from "./text/names.ts";
import { openInside, toStorageError, walk } from "./vault.ts";

interface Imported {
  created: number;
  updated: number;
  unchanged: number;
  /** Files that are no notes, and are kept beside them. */
  attachments: { created: number; updated: number; unchanged: number };
  /** Files that made no note, with the reason; their path is relative to the folder. */
  refused: { file: string; reason: string }[];
  /** Fields of front matter that could not be read. They are in the note's front matter as they were. */
  notUnderstood: { file: string; fields: string[] }[];
}

export interface ImportOptions extends LongTask, Asking {
  /** Whether a file that differs from the note it made or was exported from changes that note. Otherwise it is refused. */
  update?: boolean;
}

const batch = 25;
const largestFile = limits.bodyBytes + 65_536;

/** A file as a note, with the times of the file where front matter says none. */
interface FileNote extends Content {
  file: string;
  created_at: string;
  updated_at: string;
  parsed: ParsedMarkdown;
}

/**
 * Makes a note of every Markdown file in a folder and below, and keeps the other files. Hidden files and links are left out. What was imported
 * before an abort stays. With a key, a second import of the same files goes on where the first one ended.
 */
export async function importFolder(
  desk: Desk,
  exchange: string | undefined,
  name: string,
  options: ImportOptions = {},
) {
  const folder = await folderInside(exchange, name, false);
  const { notes: files, others, refused } = await walk(folder);
  const attachments = { created: 0, updated: 0, unchanged: 0 };
  const result: Imported = { created: 0, updated: 0, unchanged: 0, attachments, refused, notUnderstood: [] };
  const { signal, progress, update = false } = options;
  const total = files.length + others.length;
  for (let from = 0; from < files.length; from += batch) {
    signal?.throwIfAborted();
    const names = files.slice(from, from + batch);
    await importBatch(desk, folder, names, from, options, result);
    progress?.(Math.min(from + batch, files.length), total);
  }
  for (const [index, path] of others.entries()) {
    signal?.throwIfAborted();
    const kept = await importAttachment(desk, folder, path, update);
    if (kept.outcome === "refused") refused.push({ file: path, reason: kept.reason });
    else attachments[kept.outcome]++;
    if (index % batch === 0) progress?.(files.length + index, total);
  }
  return result;
}

async function importBatch(
  desk: Desk,
  folder: string,
  paths: string[],
  from: number,
  { signal, update = false, key, by }: ImportOptions,
  result: Imported,
): Promise<void> {
  const read = await Promise.all(paths.map((path) => readNote(folder, path)));
  const found = read.flatMap((note, at) => {
    const file = paths[at] ?? "";
    if (!(note instanceof NotesError)) return [{ file, note }];
    result.refused.push({ file, reason: note.message });
    return [];
  });
  for (const { file, note } of found) {
    const { notUnderstood: fields } = note.parsed;
    if (fields.length > 0) result.notUnderstood.push({ file, fields });
  }
  // A transaction a batch, and so a key a batch: what is on disk is told again, and the rest is done.
  const asked = found.map(({ note }) => draftOf(note));
  const action = "import_notes";
  const used = await usedBefore(desk, keyRow(desk, `${action} ${from}`, { key, by }, asked));
  if (used !== undefined) {
    result.created += used;
    return;
  }
  const fresh: { file: string; note: FileNote }[] = [];
  for (const { file, note } of found) {
    const before = await noteOf(desk, note);
    if (before === undefined) fresh.push({ file, note });
    else await compare(desk, before, note, update, file, result);
  }
  const drafts = fresh.map(({ note }) => draftOf(note));
  const created = await createAll(desk, drafts, { action, batch: from, asked, key, by, ...(signal && { signal }) });
  for (const [index, item] of created.entries()) {
    if ("note" in item) result.created++;
    else result.refused.push({ file: fresh[index]?.file ?? "", reason: item.error.message });
  }
}

async function usedBefore(desk: Desk, key: ReturnType<typeof keyRow>): Promise<number | undefined> {
  const used = key && (await desk.store.used(key));
  return used && (await replay(desk, used)).length;
}

const draftOf = ({ title, body, tags, front, folder, file, created_at, updated_at }: FileNote): Draft => {
  return { title, body, tags, front, folder, file, created_at, updated_at };
};

/** The note that a file was exported from, or that it made. An id counts together with the day of its note only. */
async function noteOf({ store }: Desk, { folder, file, parsed }: FileNote): Promise<NoteRow | undefined> {
  if (parsed.id !== undefined && parsed.created_at !== undefined) {
    const [row] = await store.find([Number(parsed.id.slice(1))]);
    if (row?.deleted_at === null && row.file === null && row.created_at === parsed.created_at) return row;
  }
  const number = await store.placed(folder, file);
  return number === undefined ? undefined : (await store.find([number]))[0];
}

async function compare(
  desk: Desk,
  before: NoteRow,
  note: FileNote,
  update: boolean,
  file: string,
  result: Imported,
): Promise<void> {
  const content = before.file === null ? await asMadeHere(before, note) : asImported(note);
  const same =
    content.title === before.title &&
    content.body === before.body &&
    content.front === before.front &&
    content.folder === before.folder &&
    JSON.stringify(content.tags) === JSON.stringify(before.tags);
  if (same) {
    result.unchanged++;
    return;
  }
  if (!update) {
    const id = `n${before.number}`;
    result.refused.push({
      file,
      reason: `Note ${id} is of this file and differs. With update true it becomes as the file is.`,
    });
    return;
  }
  try {
    const options = { action: "import_notes", updatedAt: note.updated_at };
    await revise(desk, `n${before.number}`, () => content, options);
    result.updated++;
  } catch (error) {
    if (!(error instanceof NotesError)) throw error;
    result.refused.push({ file, reason: error.message });
  }
}

const asImported = ({ title, body, tags, front, folder, file }: FileNote): Content => {
  return { title, body, tags, front, folder, file };
};

/** What an exported note has become. Its front matter holds what a note says elsewhere, which is no field of its own. */
async function asMadeHere(before: NoteRow, { parsed, tags, folder, file }: FileNote): Promise<Content> {
  const { setFields } = await import("./text/front-fields.ts");
  const own = ["id", "title", "tags", "tag", "created_at", "updated_at"];
  const front = setFields(parsed.front, Object.fromEntries(own.map((field) => [field, null])));
  const name = withoutExtension(file);
  const renamed = name !== basenameOf(before.title) && !name.endsWith(` (n${before.number})`);
  const retitled = parsed.title !== undefined && parsed.title !== before.title;
  const title = retitled ? parsed.title : renamed ? titleOf(file) : before.title;
  return { title: title ?? before.title, body: parsed.body, tags, front, folder, file: null };
}

async function readNote(folder: string, path: string): Promise<FileNote | NotesError> {
  try {
    const { handle, stats } = await openInside(folder, path);
    try {
      if (stats.size > largestFile)
        return new NotesError(
          "quota",
          `The file has ${stats.size} bytes, more than the ${limits.bodyBytes} of a note.`,
        );
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await handle.readFile());
      // Loaded for the first import: a YAML parser is a twentieth of the server's start.
      const { fromMarkdown } = await import("./text/from-markdown.ts");
      const parsed = fromMarkdown(text);
      const { front, body, tags } = parsed;
      const file = lastPart(path);
      const born = stats.birthtimeMs > 0 ? Math.min(stats.birthtimeMs, stats.mtimeMs) : stats.mtimeMs;
      return {
        title: parsed.title ?? titleOf(file),
        body,
        tags,
        front,
        folder: path.slice(0, Math.max(0, path.length - file.length - 1)),
        file,
        created_at: parsed.created_at ?? new Date(born).toISOString(),
        updated_at: stats.mtime.toISOString(),
        parsed,
      };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof NotesError) return error;
    if (error instanceof TypeError) return new NotesError("invalid", "The file is not UTF-8 text.");
    const typed = toStorageError(error, "The file could not be read");
    return typed instanceof NotesError ? typed : new NotesError("invalid", "The file could not be read.");
  }
}

/** The name of a file as a title, which is one line of limited length. */
function titleOf(file: string): string {
  const name = withoutExtension(file.replace(/\.markdown$/i, ".md")).normalize("NFC");
  const line = name
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim();
  return line === ""
    ? "Untitled"
    : [...line].slice(0, limits.titleCharacters).join("").slice(0, limits.titleCharacters).toWellFormed();
}
