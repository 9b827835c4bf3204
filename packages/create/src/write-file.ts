import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** Writes a file whole or not at all: aside, onto the disk, then into its place. */
export function writeFileAtomically(file: string, content: string | Uint8Array, mode = 0o644): void {
  const draft = `${file}.offshoot-${process.pid}`;
  try {
    const handle = openSync(draft, "w", mode);
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
