import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** A name beside a file that nobody can have put there before. */
const draftOf = (file: string): string => `${file}.offshoot-${randomBytes(8).toString("hex")}`;

/** Writes a file whole or not at all: aside, onto the disk, then into its place. A mode that is given is exact. */
export function writeFileAtomically(file: string, content: string | Uint8Array, mode?: number): void {
  const draft = draftOf(file);
  try {
    writeNewFile(draft, content, mode ?? 0o644);
    // The user's umask takes permissions from new files, which a file that is replaced had.
    if (mode !== undefined) chmodSync(draft, mode);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Writes a file that must not be there yet, and has it on the disk. Never through a link. */
export function writeNewFile(file: string, content: string | Uint8Array, mode: number): void {
  const handle = openSync(file, "wx", mode);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
