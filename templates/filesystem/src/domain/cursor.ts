import { FilesError } from "./errors.ts";
import { showPath } from "./safe-fs/refusals.ts";
import type { OpenFile } from "./safe-fs/safe-fs.ts";

/** A place in a file that may have grown since, but is still the same file. */
export const cursorAt = (offset: number, { facts }: OpenFile): string =>
  Buffer.from(JSON.stringify([offset, facts.ino, facts.size])).toString("base64url");

export function offsetOf(cursor: string, { facts }: OpenFile, path: string): number {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    parsed = undefined;
  }
  if (!Array.isArray(parsed) || !parsed.every((one) => Number.isSafeInteger(one) && one >= 0) || parsed.length !== 3) {
    throw new FilesError("invalid", "The cursor is not one of this tool's. Leave it out to begin at the start.");
  }
  const [offset, ino, size] = parsed as [number, number, number];
  if (ino !== facts.ino || size > facts.size || offset > facts.size) {
    throw new FilesError(
      "conflict",
      `${showPath(path)} was changed since the cursor was made. Read it again from the start.`,
    );
  }
  return offset;
}
