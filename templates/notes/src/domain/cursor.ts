import { createHash } from "node:crypto";
import { z } from "zod";
import { NotesError } from "./errors.ts";

/** Where a page ended: the sort key and the number of its last row. */
export const Position = z.tuple([z.union([z.int().min(0), z.string()]), z.int().min(0)]);
export type Position = z.output<typeof Position>;

const Sealed = z.tuple([z.string(), Position]);

/** Whose listing it is: a cursor is of no use to anyone else. */
interface Owned {
  owner: string;
}

/** Not a secret: it tells a cursor of this listing from one that was altered or belongs to other filters. */
const seal = ({ owner }: Owned, listing: unknown, position: Position): string =>
  createHash("sha256")
    .update(JSON.stringify([listing, position, ...(owner === "" ? [] : [owner])]))
    .digest("base64url")
    .slice(0, 12);

/** An opaque cursor. `listing` is what the next call must repeat: the operation and its filters. */
const encodeCursor = (owned: Owned, listing: unknown, position: Position): string =>
  Buffer.from(JSON.stringify([seal(owned, listing, position), position])).toString("base64url");

/** The position inside a cursor, or undefined for the first page. A forged cursor is a NotesError "invalid". */
export function decodeCursor(owned: Owned, listing: unknown, cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const opened = Sealed.safeParse(unwrap(cursor));
  if (opened.success && opened.data[0] === seal(owned, listing, opened.data[1])) return opened.data[1];
  throw new NotesError(
    "invalid",
    "This cursor belongs to no page of this listing. Repeat the call with the same filters and no cursor.",
  );
}

function unwrap(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined;
  }
}

/** Cuts one row too many into a page and the cursor of the next one. With fewer rows, there is more behind `until`. */
export function cutPage<Row>(
  owned: Owned,
  rows: Row[],
  limit: number,
  listing: unknown,
  positionOf: (row: Row) => Position,
  until?: Position,
) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const end = rows.length > limit && last !== undefined ? positionOf(last) : until;
  return end === undefined ? { page } : { page, next_cursor: encodeCursor(owned, listing, end) };
}
