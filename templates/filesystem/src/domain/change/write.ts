import { decode, encode, markedEncoding } from "../encoding.ts";
import { FilesError } from "../errors.ts";
import type { Appended, Edit, Edited, EditOptions, Precondition, Waiting, WriteOptions, Written } from "../files.ts";
import { sha256Of, sha256OfFile } from "../range.ts";
import { readWhole } from "../read.ts";
import { locateIn } from "../safe-fs/open.ts";
import { type Place, writableFile } from "../safe-fs/place.ts";
import { shown } from "../safe-fs/refusals.ts";
import type { Action } from "../safe-fs/trash/journal.ts";
import { type Kept, markOf } from "../safe-fs/trash/trash.ts";
import { appendTo } from "../safe-fs/writing/append.ts";
import { type Fill, replaceFile } from "../safe-fs/writing/replace-file.ts";
import { atPlace, type Desk, openAt, refuseStale } from "./desk.ts";
import { diffOf } from "./diff.ts";
import { applyEdits } from "./edits.ts";

export async function write(
  desk: Desk,
  path: string,
  content: string | Uint8Array,
  { ifSha256, overwrite = true, signal }: WriteOptions = {},
): Promise<Written> {
  refuseOdd(desk, content);
  return atPlace(desk, path, { follow: true }, async (place) => {
    const created = place.existing === undefined;
    if (!created && !overwrite) {
      throw new FilesError("exists", `${shown(path)} exists already. Choose another name, or ask to overwrite it.`);
    }
    if (!created) writableFile(place, desk.ground);
    await refuseStale(desk, place, ifSha256, signal);
    const bytes = bytesFor(desk, place, content, true);
    signal?.throwIfAborted();
    await put(desk, place, "write", bytes, signal);
    return { created, size: bytes.length, sha256: sha256Of(bytes) };
  });
}

/** Replaces what is at a place, or makes it, with a way back. */
async function put(desk: Desk, place: Place, action: Action, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  await putFile(desk, place, { action, path: place.given }, bytes.length, (write) => write(bytes), { signal });
}

export async function putFile(
  desk: Desk,
  place: Place,
  change: { action: Action; path: string; destination?: string },
  size: number,
  fill: Fill,
  { mode, signal }: { mode?: number } & Waiting,
): Promise<void> {
  const { existing, folder, name } = place;
  const added = { bytes: size - (existing?.size ?? 0), files: existing ? 0 : 1 };
  await desk.quota.admit(folder.root, added, signal);
  let kept: Kept | undefined;
  try {
    await replaceFile(place, fill, {
      mode,
      before: async (made) => {
        signal?.throwIfAborted();
        const relative = [...folder.relative, name];
        const entry = { ...change, relative, made: markOf(made), ...(existing && { before: markOf(existing) }) };
        kept = await desk.trash.keep(place, entry, existing ? "link" : "none");
      },
    });
  } catch (error) {
    kept?.cancel();
    throw error;
  }
  desk.quota.grew(folder.root, added);
  desk.tell(existing ? "changed" : "created", folder, name);
}

export async function append(
  desk: Desk,
  path: string,
  content: string,
  { ifSha256, signal }: Precondition & Waiting = {},
): Promise<Appended> {
  refuseOdd(desk, content);
  return atPlace(desk, path, { follow: true }, async (place) => {
    const { existing, folder, name } = place;
    if (existing) writableFile(place, desk.ground);
    await refuseStale(desk, place, ifSha256, signal);
    const bytes = bytesFor(desk, place, content, false);
    signal?.throwIfAborted();
    if (existing === undefined) {
      await put(desk, place, "append", bytes, signal);
      return { created: true, size: bytes.length, sha256: sha256Of(bytes) };
    }
    const added = { bytes: bytes.length, files: 0 };
    await desk.quota.admit(folder.root, added, signal);
    const located = locateIn(desk.ground, folder, name, path);
    try {
      // The time is not known before, and is not compared.
      const made = { ...markOf(located.stats), size: located.stats.size + bytes.length, mtimeMs: -1 };
      const before = markOf(located.stats);
      const relative = [...folder.relative, name];
      const kept = await desk.trash.keep(place, { action: "append", path, relative, made, before }, "none");
      try {
        await appendTo(located, bytes, path);
      } catch (error) {
        kept?.cancel();
        throw error;
      }
    } finally {
      located.close();
    }
    desk.quota.grew(folder.root, added);
    desk.tell("changed", folder, name);
    const file = openAt(desk, place);
    try {
      const { size } = file.facts;
      return { created: false, size, ...(size <= desk.limits.writeBytes && { sha256: await sha256OfFile(file) }) };
    } finally {
      file.close();
    }
  });
}

export async function edit(
  desk: Desk,
  path: string,
  edits: readonly Edit[],
  { ifSha256, dryRun = false, signal }: EditOptions = {},
): Promise<Edited> {
  return atPlace(desk, path, { follow: true }, async (place) => {
    writableFile(place, desk.ground);
    await refuseStale(desk, place, ifSha256, signal);
    const file = openAt(desk, place);
    let before: Buffer;
    try {
      before = await readWhole(file, desk.limits.writeBytes, path, signal);
    } finally {
      file.close();
    }
    const { bytes, replacements, encoding } = applyEdits(before, edits, path);
    refuseOdd(desk, bytes);
    const diff = diffOf(path, decode(before, encoding), decode(bytes, encoding));
    signal?.throwIfAborted();
    if (!dryRun) await put(desk, place, "edit", bytes, signal);
    return {
      ...(diff !== undefined && { diff }),
      replacements,
      sizeBefore: before.length,
      size: bytes.length,
      sha256Before: sha256Of(before),
      sha256: sha256Of(bytes),
      applied: !dryRun,
    };
  });
}

function refuseOdd({ limits }: Desk, content: string | Uint8Array): void {
  if (typeof content === "string" && !content.isWellFormed()) {
    throw new FilesError("invalid", "The content is not well-formed Unicode (a lone surrogate), and cannot be stored.");
  }
  if (Buffer.byteLength(content) > limits.writeBytes) {
    throw new FilesError(
      "too_large",
      `The content has more than ${limits.writeBytes} bytes. Write it in parts with append_file.`,
    );
  }
}

/** A file that says it is UTF-16 stays it, mark included. Everything else is written as UTF-8, byte for byte. */
function bytesFor(desk: Desk, place: Place, content: string | Uint8Array, whole: boolean): Uint8Array {
  if (typeof content !== "string") return content;
  const encoding = place.existing?.isFile() ? markAt(desk, place) : undefined;
  if (encoding === undefined) return Buffer.from(content);
  const text = whole && !content.startsWith("\ufeff") ? `\ufeff${content}` : content;
  return encode(text, encoding) ?? Buffer.from(text);
}

function markAt(desk: Desk, place: Place) {
  const file = openAt(desk, place);
  try {
    const mark = new Uint8Array(2);
    return file.readSync(mark, 0) === 2 ? markedEncoding(mark) : undefined;
  } finally {
    file.close();
  }
}
