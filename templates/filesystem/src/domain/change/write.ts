import { isAscii } from "node:buffer";
import { detectEncoding, utf8 } from "../encoding.ts";
import { FilesError, LookAlikeError } from "../errors.ts";
import type {
  Appended,
  Edit,
  Edited,
  EditOptions,
  InEncoding,
  LookAlike,
  Precondition,
  Waiting,
  WriteOptions,
  Written,
} from "../files.ts";
import { encodingMark, readRange, sha256Of, sha256OfFile } from "../range.ts";
import { namedIn, readWhole } from "../read.ts";
import { type Action, type Mark, markOf } from "../safe-fs/journal/entry.ts";
import { movedError } from "../safe-fs/locate.ts";
import { refuseMisleading } from "../safe-fs/names.ts";
import { locateIn } from "../safe-fs/open.ts";
import { type Place, writableFile } from "../safe-fs/place.ts";
import { showPath } from "../safe-fs/refusals.ts";
import { lookAlikeIn } from "../safe-fs/similar.ts";
import { appendTo } from "../safe-fs/writing/append.ts";
import { type Fill, replaceFile } from "../safe-fs/writing/replace-file.ts";
import { atPlace, type Desk, openAt, refuseStale } from "./desk.ts";
import { diffOf } from "./diff.ts";
import { applyEdits } from "./edits.ts";
import { encodedFor, refuseMixing } from "./encoded.ts";
import { temporaryOf } from "./take-back.ts";
import { spotOf, withJournal } from "./with-journal.ts";

export async function write(
  desk: Desk,
  path: string,
  content: string | Uint8Array,
  { ifSha256, overwrite = true, lookAlike = true, encoding, signal }: WriteOptions & LookAlike = {},
): Promise<Written> {
  refuseOdd(desk, content);
  return atPlace(desk, path, { follow: true, signal }, async (place) => {
    const created = place.existing === undefined;
    if (!created && !overwrite) {
      throw new FilesError("exists", `${showPath(path)} exists already. Choose another name, or ask to overwrite it.`);
    }
    if (!created) writableFile(place, desk.ground);
    else if (!lookAlike) refuseLookAlike(place);
    await refuseStale(desk, place, ifSha256, signal);
    const bytes = await bytesFor(desk, place, content, { whole: true, asked: encoding });
    signal?.throwIfAborted();
    return { created, ...(await put(desk, place, "write", bytes, signal)) };
  });
}

function refuseLookAlike({ folder, name, given }: Place): void {
  const other = lookAlikeIn(folder, name);
  if (other === undefined) return;
  throw new LookAlikeError(
    "exists",
    `There is ${showPath(other)} beside ${showPath(given)}, which looks the same but is made of other characters. Use that name as list_directory gives it, or pass look_alike to make a second file.`,
  );
}

/** Replaces what is at a place, or makes it, with a way back. */
async function put(
  desk: Desk,
  place: Place,
  action: Action,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<{ size: number; sha256: string }> {
  const sha256 = await putFile(desk, place, { action, path: place.given }, bytes.length, bytes, { signal });
  return { size: bytes.length, sha256 };
}

/** @returns the SHA-256 of what is there now */
export async function putFile(
  desk: Desk,
  place: Place,
  change: { action: Action; path: string; destination?: string },
  size: number,
  content: Fill | Uint8Array,
  { mode, signal }: { mode?: number } & Waiting,
): Promise<string> {
  const { existing, folder, name } = place;
  if (existing === undefined) refuseMisleading(name, place.given);
  const added = { bytes: size - (existing?.size ?? 0), files: existing ? 0 : 1 };
  const { journal, trash } = await desk.book();
  const { sha256 } = await desk.quota.reserving(folder.root, added, signal, () => {
    const planned = { ...change, at: spotOf(place), ...(existing && { before: markOf(existing) }) };
    return withJournal(desk, planned, [place], async (entry) => {
      const before = async (made: Mark) => {
        signal?.throwIfAborted();
        if (existing) await trash.keep(entry, place);
        entry.change.made = made;
        journal.save(entry);
      };
      return replaceFile(place, temporaryOf(entry), content, { mode, before });
    });
  });
  desk.tell(existing ? "changed" : "created", folder, name);
  return sha256;
}

export async function append(
  desk: Desk,
  path: string,
  content: string,
  { ifSha256, encoding, lookAlike = true, signal }: Precondition & InEncoding & LookAlike & Waiting = {},
): Promise<Appended> {
  refuseOdd(desk, content);
  return atPlace(desk, path, { follow: true, signal }, async (place) => {
    const { existing, folder, name } = place;
    if (existing) writableFile(place, desk.ground);
    else if (!lookAlike) refuseLookAlike(place);
    await refuseStale(desk, place, ifSha256, signal);
    const bytes = await bytesFor(desk, place, content, { whole: false, asked: encoding });
    signal?.throwIfAborted();
    if (existing === undefined) {
      return { created: true, ...(await put(desk, place, "append", bytes, signal)) };
    }
    await addTo(desk, place, bytes, signal);
    desk.tell("changed", folder, name);
    const size = (existing.size ?? 0) + bytes.length;
    const sha256 = size <= desk.limits.writeBytes ? await hashNow(desk, place) : undefined;
    return { created: false, size, ...(sha256 !== undefined && { sha256 }) };
  });
}

/** It is written already: what cannot be read now must not make it look as if it was not. */
async function hashNow(desk: Desk, place: Place): Promise<string | undefined> {
  try {
    const file = openAt(desk, place);
    try {
      return await sha256OfFile(file);
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

/** In place, because a log may be large, and read by others meanwhile. */
async function addTo(desk: Desk, place: Place, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  const { existing, folder, name, given } = place;
  const { journal, trash } = await desk.book();
  const located = locateIn(desk.ground, folder, name, given);
  try {
    const before = markOf(located.stats);
    if (existing?.ino !== before.ino) throw movedError(given);
    const change = { action: "append" as const, path: given, at: spotOf(place), before, added: bytes.length };
    await desk.quota.reserving(folder.root, { bytes: bytes.length, files: 0 }, signal, () =>
      withJournal(desk, change, [place], async (entry) => {
        // The same bytes in the trash tell what was added from what others add.
        await trash.keepBytes(entry, bytes);
        journal.save(entry);
        await appendTo(located, bytes, given);
      }),
    );
  } finally {
    located.close();
  }
}

export async function edit(
  desk: Desk,
  path: string,
  edits: readonly Edit[],
  { ifSha256, dryRun = false, encoding: asked, signal }: EditOptions = {},
): Promise<Edited> {
  return atPlace(desk, path, { follow: true, signal }, async (place) => {
    writableFile(place, desk.ground);
    await refuseStale(desk, place, ifSha256, signal);
    const file = openAt(desk, place);
    let before: Buffer;
    try {
      before = await readWhole(file, desk.limits.writeBytes, path, signal);
    } finally {
      file.close();
    }
    const { bytes, replacements, encoding } = applyEdits(before, edits, path, await namedIn(desk, asked));
    refuseOdd(desk, bytes);
    const diff = diffOf(path, encoding.decode(before), encoding.decode(bytes));
    signal?.throwIfAborted();
    const { sha256 } = dryRun ? { sha256: sha256Of(bytes) } : await put(desk, place, "edit", bytes, signal);
    return {
      ...(diff !== undefined && { diff: diff.diff, diffCut: diff.cut }),
      replacements,
      sizeBefore: before.length,
      size: bytes.length,
      sha256Before: sha256Of(before),
      sha256,
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

/** Text in the encoding of the file that is there, a byte order mark included; of a new one in UTF-8, or as asked. */
async function bytesFor(
  desk: Desk,
  place: Place,
  content: string | Uint8Array,
  { whole, asked }: { whole: boolean; asked: string | undefined },
): Promise<Uint8Array> {
  if (typeof content !== "string") return content;
  const named = await namedIn(desk, asked);
  if (!place.existing?.isFile()) return encodedFor(named.asked ?? utf8, content, place.given);
  const marked = markAt(desk, place);
  // ASCII is the same in all that has no mark.
  if (!marked && named.asked?.unit !== 2 && isAscii(Buffer.from(content))) return Buffer.from(content);
  if (marked)
    return encodedFor(marked, whole && !content.startsWith("\ufeff") ? `\ufeff${content}` : content, place.given);
  if (whole && named.asked) return encodedFor(named.asked, content, place.given);
  const sample = await sampleOf(desk, place);
  const encoding = detectEncoding(sample, named) ?? utf8;
  if (!whole) refuseMixing(sample, encoding, place.given);
  return encodedFor(encoding, content, place.given);
}

function markAt(desk: Desk, place: Place) {
  const file = openAt(desk, place);
  try {
    return encodingMark(file);
  } finally {
    file.close();
  }
}

/** Enough of a file to tell what it is in, and nothing cut in two at the end. */
async function sampleOf(desk: Desk, place: Place): Promise<Buffer> {
  const file = openAt(desk, place);
  try {
    const bytes = await readRange(file, 0, desk.limits.writeBytes);
    return bytes.length < file.facts.size ? bytes.subarray(0, bytes.length - utf8.cutTail(bytes)) : bytes;
  } finally {
    file.close();
  }
}
