import { z } from "zod";
import { cutPage, decodeCursor } from "./cursor.ts";
import type { Desk } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { Cursor, pageOf } from "./list.ts";
import { Folder, idOf, limits, parse } from "./note.ts";
import { revise } from "./revise.ts";
import type { Waiting } from "./store/store.ts";

export const FolderCount = z.object({
  folder: z.string().describe("Path of the folder; empty for the top"),
  notes: z.int().min(1).describe("How many notes are directly in it, the trash not counted"),
});

export const ListFolders = z.object({ limit: pageOf(limits.page, limits.page), cursor: Cursor });

export async function listFolders(desk: Desk, input: z.input<typeof ListFolders> = {}) {
  const { limit, cursor } = parse(ListFolders, input);
  const [after] = decodeCursor(desk, "folders", cursor) ?? [];
  const rows = await desk.store.folders({ ...(after !== undefined && { after: String(after) }), limit: limit + 1 });
  const { page, ...next } = cutPage(desk, rows, limit, "folders", ({ folder }) => [folder, 0]);
  return { folders: page, ...next };
}

/**
 * Moves every note in a folder and below it, one change a note, and answers with how many there were. Links follow. An
 * abort is heeded before the first note only: half a folder is no place to stop at.
 */
export async function moveFolder(desk: Desk, from: string, to: string, waiting: Waiting = {}): Promise<number> {
  const [source, target] = [parse(Folder, from), parse(Folder, to)];
  if (source === "") throw new NotesError("invalid", "from: name a folder; list_folders shows them.");
  if (target === source || target.startsWith(`${source}/`))
    throw new NotesError("invalid", "to: is the folder itself or inside it. Name another one.");
  for (let moved = 0; ; ) {
    if (moved === 0) waiting.signal?.throwIfAborted();
    const heads = await desk.store.list({ trashed: false, sort: "created_asc", folder: source, limit: 100 });
    if (heads.length === 0 && moved === 0)
      throw new NotesError(
        "not_found",
        `No note is in a folder "${source}". Call list_folders to see those there are.`,
      );
    if (heads.length === 0) return moved;
    for (const { number } of heads) {
      const change = ({ folder }: { folder: string }) => {
        const below = folder.slice(source.length + 1);
        return { folder: below === "" ? target : [target, below].filter((part) => part !== "").join("/") };
      };
      await revise(desk, idOf(number), change, { action: "move_folder", ...(moved === 0 && waiting) });
      moved++;
    }
  }
}
