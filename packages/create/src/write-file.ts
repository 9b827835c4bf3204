import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** A name beside a file that nobody can have put there before. */
const draftOf = (file: string): string => `${file}.offshoot-${randomBytes(8).toString("hex")}`;

/** Writes a file whole or not at all: aside, onto the disk, then into its place. */
export function writeFileAtomically(file: string, content: string | Uint8Array, mode = 0o644): void {
  const draft = draftOf(file);
  try {
    writeNewFile(draft, content, mode);
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
