import { createHash } from "node:crypto";
import { z } from "zod";
import { FilesError } from "../errors.ts";

const Sealed = z.tuple([z.string(), z.string().max(5000)]);

/** Not a secret: it tells a cursor of this very search from one that was altered or belongs to another. */
const seal = (search: unknown, path: string): string =>
  createHash("sha256")
    .update(JSON.stringify([search, path]))
    .digest("base64url")
    .slice(0, 12);

/** An opaque cursor behind `path`. `search` is what the next call must repeat: the operation and its arguments. */
export const encodeCursor = (search: unknown, path: string): string =>
  Buffer.from(JSON.stringify([seal(search, path), path])).toString("base64url");

/** The path inside a cursor, only ever compared with names. A forged cursor is a FilesError "invalid". */
export function decodeCursor(search: unknown, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const opened = Sealed.safeParse(unwrap(cursor));
  if (opened.success && opened.data[0] === seal(search, opened.data[1])) return opened.data[1];
  throw new FilesError(
    "invalid",
    "cursor: it belongs to no page of this search. Repeat the call with the same arguments and no cursor.",
  );
}

function unwrap(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined;
  }
}
