import { type FileHandle, lstat, mkdir, mkdtemp, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Desk } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { basenameOf } from "./file-name.ts";
import { folderInside, type LongTask } from "./folder.ts";
import { idOf } from "./note.ts";
import type { ListQuery, NoteRow } from "./store/store.ts";
import { joinPath, lastPart, titleKey } from "./text/names.ts";
import { toMarkdown } from "./text/to-markdown.ts";
import { toStorageError } from "./vault.ts";

/**
 * Writes every live note as a Markdown file and every attachment into a new folder, in the folder and under the name it has. The folder
 * appears complete or not at all: it is filled under another name first. Answers with the number of notes.
 */
export async function exportFolder(desk: Desk, exchange: string | undefined, name: string, task: LongTask = {}) {
  const folder = await folderInside(exchange, name, true);
  const exists = await lstat(folder).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new NotesError("conflict", `There is a folder "${name}" already. Nothing was written: choose a new name.`);
  let draft: string | undefined;
  try {
    draft = await mkdtemp(join(dirname(folder), `${draftName}${process.pid}-`));
    const notes = await writeAll(desk, draft, task);
    await rename(draft, folder);
    await syncFolder(dirname(folder));
    return notes;
  } catch (error) {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true });
    throw toStorageError(error, "Nothing was exported");
  }
}

async function writeAll({ store }: Desk, folder: string, { signal, progress }: LongTask): Promise<number> {
  const { live } = await store.head();
  const query: ListQuery = { trashed: false, sort: "created_asc", limit: 25 };
  const fileOf = createNaming(store);
  const folders = new Set([""]);
  for (let done = 0; ; ) {
    signal?.throwIfAborted();
    const heads = await store.list(query);
    const last = heads.at(-1);
    if (last === undefined) break;
    for (const row of await store.find(heads.map(({ number }) => number))) {
      const file = await fileOf(row);
      if (!folders.has(row.folder)) await mkdir(join(folder, row.folder), { recursive: true });
      folders.add(row.folder);
      await writeDurably(join(folder, file), toMarkdown({ ...row, id: idOf(row.number) }), row.updated_at);
      done++;
    }
    progress?.(done, Math.max(done, live));
    query.after = [last.number, last.number];
  }
  for (let after = ""; ; ) {
    signal?.throwIfAborted();
    const attachments = await store.attachments({ after, limit: 25 });
    for (const { path, sha256, updated_at } of attachments) {
      const inside = path.slice(0, Math.max(0, path.lastIndexOf("/")));
      if (!folders.has(inside)) await mkdir(join(folder, inside), { recursive: true });
      folders.add(inside);
      await writeDurably(join(folder, path), await store.blobs.get(sha256), updated_at);
    }
    const last = attachments.at(-1);
    if (last === undefined) break;
    after = last.path;
  }
  for (const one of folders) await syncFolder(join(folder, one));
  return live;
}

/** The path of each note's file: the one it came from, else its title, and its id where two would have one name. */
function createNaming(store: Desk["store"]): (row: NoteRow) => Promise<string> {
  const taken = new Set<string>();
  /** On some systems two names that differ in capitals or composition are one file. */
  const alike = new Set<string>();
  return async ({ number, title, folder, file }) => {
    if (folder.split("/").includes("..")) throw new NotesError("damaged", `Note ${idOf(number)} is in no folder.`);
    const wanted = joinPath(folder, file ?? `${basenameOf(title)}.md`);
    // A file that was imported keeps its name, whatever is beside it.
    const isFree =
      file === null
        ? !alike.has(titleKey(wanted)) && (await store.placed(folder, lastPart(wanted))) === undefined
        : !taken.has(wanted);
    const short = [...title].slice(0, 100).join("");
    const path = isFree ? wanted : joinPath(folder, `${basenameOf(`${short} (${idOf(number)})`)}.md`);
    taken.add(path);
    alike.add(titleKey(path));
    return path;
  };
}

async function writeDurably(file: string, text: string | Buffer, modified: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "wx", 0o600);
    await handle.writeFile(text);
    const time = new Date(modified);
    await handle.utimes(time, time);
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

const draftName = ".export-";

/** Longer than an export may take, in milliseconds. */
const abandonedMs = 3_600_000;

/** Takes away what exports of killed servers have left in the exchange folder. */
export async function sweepExports(exchange: string): Promise<void> {
  for (const name of await readdir(exchange).catch(() => [])) {
    if (!name.startsWith(draftName)) continue;
    const draft = join(exchange, name);
    const pid = Number(/^\d+/.exec(name.slice(draftName.length))?.[0] ?? 0);
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Date.now() }));
    // In a container every server has the same number.
    const dead = pid !== process.pid && !isRunning(pid);
    if (dead || mtimeMs < Date.now() - abandonedMs) await rm(draft, { recursive: true, force: true }).catch(() => {});
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
