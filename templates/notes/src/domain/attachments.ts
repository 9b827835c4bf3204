import { z } from "zod";
import { cutPage, decodeCursor } from "./cursor.ts";
import type { Desk } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { Cursor, pageOf } from "./list.ts";
import { limits, parse } from "./note.ts";
import type { Attachment } from "./store/store.ts";
import { openInside, toStorageError } from "./vault.ts";

/** Bytes of one attachment. */
const largestAttachment = 100 * 1024 * 1024;

export const ListAttachments = z.object({ limit: pageOf(limits.page, limits.page), cursor: Cursor });

/** The files beside the notes, by path. */
export async function listAttachments(desk: Desk, input: z.input<typeof ListAttachments> = {}) {
  const { limit, cursor } = parse(ListAttachments, input);
  const [after] = decodeCursor(desk, "attachments", cursor) ?? [];
  const rows = await desk.store.attachments({ ...(after !== undefined && { after: String(after) }), limit: limit + 1 });
  const { page, ...next } = cutPage(desk, rows, limit, "attachments", ({ path }) => [path, 0]);
  return { attachments: page, ...next };
}

export async function readAttachment({ store }: Desk, path: string): Promise<Attachment & { bytes: Buffer }> {
  const found = await store.attachment(path);
  if (found) return { ...found, bytes: await store.blobs.get(found.sha256) };
  throw new NotesError("not_found", "There is no such attachment. List the resources to see those there are.");
}

type Outcome = { outcome: "created" | "updated" | "unchanged" } | { outcome: "refused"; reason: string };

/** Keeps a file of a vault under its path. One that differs from what is kept is refused, unless `update` says otherwise. */
export async function importAttachment(
  { store }: Desk,
  folder: string,
  path: string,
  update: boolean,
): Promise<Outcome> {
  try {
    const { handle, stats } = await openInside(folder, path);
    try {
      if (stats.size > largestAttachment) {
        const reason = `The file has ${stats.size} bytes, more than the ${largestAttachment} of an attachment.`;
        return { outcome: "refused", reason };
      }
      const { sha256, size } = await store.blobs.put(handle.createReadStream({ autoClose: false }));
      const before = await store.attachment(path);
      if (before?.sha256 === sha256) return { outcome: "unchanged" };
      if (before && !update) {
        return {
          outcome: "refused",
          reason: "An attachment of this path differs. With update true it becomes as the file is.",
        };
      }
      await store.attach({ path, sha256, size, updated_at: stats.mtime.toISOString() });
      return { outcome: before ? "updated" : "created" };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const typed = toStorageError(error, "The file could not be kept");
    return { outcome: "refused", reason: typed instanceof NotesError ? typed.message : "The file could not be read." };
  }
}
