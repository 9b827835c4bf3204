import { lstat, mkdtemp, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Desk, toNote } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { folderInside, type LongTask } from "./folder.ts";
import type { Note } from "./note.ts";
import type { ListQuery } from "./store/store.ts";
import { toMarkdown } from "./text/to-markdown.ts";

/**
 * Writes every live note as a Markdown file into a new folder. The folder appears complete or not at all: it is filled
 * under another name first. Answers with the number of notes.
 */
export async function exportFolder(desk: Desk, exchange: string | undefined, name: string, task: LongTask = {}) {
  const folder = await folderInside(exchange, name, true);
  const exists = await lstat(folder).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new NotesError("conflict", `There is a folder "${name}" already. Nothing was written: choose a new name.`);
  const draft = await mkdtemp(join(dirname(folder), ".export-"));
  try {
    const notes = await writeAll(desk, draft, task);
    await syncFolder(draft);
    await rename(draft, folder);
    await syncFolder(dirname(folder));
    return notes;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function writeAll({ store }: Desk, folder: string, { signal, progress }: LongTask): Promise<number> {
  const { live } = await store.head();
  const query: ListQuery = { trashed: false, sort: "created_asc", limit: 25 };
  for (let done = 0; ; ) {
    signal?.throwIfAborted();
    const heads = await store.list(query);
    const last = heads.at(-1);
    if (last === undefined) return done;
    for (const row of await store.find(heads.map(({ number }) => number))) {
      const note = toNote(row);
      await writeDurably(join(folder, fileName(note)), toMarkdown(note));
      done++;
    }
    progress?.(done, Math.max(done, live));
    query.after = [last.number, last.number];
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

/** The id makes it unique and keeps it off the names that Windows reserves; the title makes it readable. */
export function fileName({ id, title }: Pick<Note, "id" | "title">): string {
  const words = title.normalize("NFC").match(/[\p{L}\p{N}]+/gu) ?? [];
  const slug = [...words.join("-")].slice(0, 40).join("");
  return slug === "" ? `${id}.md` : `${id}-${slug}.md`;
}
