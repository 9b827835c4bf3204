import { ErrorCode, ProtocolError } from "../../contract/errors.ts";

/** Entries on one page of a list. */
export const PAGE_SIZE = 100;

/** Splits a list that does not change while serving, once, into the pages that clients will ask for. */
export function createPages<Item>(member: string, items: readonly Item[]): (cursor: unknown) => object {
  const pages = Array.from({ length: Math.max(1, Math.ceil(items.length / PAGE_SIZE)) }, (_, index) =>
    Object.freeze({
      [member]: items.slice(index * PAGE_SIZE, (index + 1) * PAGE_SIZE),
      ...((index + 1) * PAGE_SIZE < items.length ? { nextCursor: encodeCursor(member, index + 1) } : {}),
    }),
  );
  return (cursor) => {
    if (cursor === undefined || cursor === null) return pages[0] as object;
    const [index] = decodeCursor(cursor, member);
    return pages[index] ?? badCursor();
  };
}

/** An opaque cursor: the list it belongs to, a position, and where the domain goes on. */
export function encodeCursor(list: string, index: number, inner?: string): string {
  return Buffer.from(JSON.stringify(inner === undefined ? [list, index] : [list, index, inner])).toString("base64url");
}

/** @throws ProtocolError -32602 for a cursor that this list never gave out */
export function decodeCursor(cursor: unknown, list: string): [index: number, inner: string | undefined] {
  try {
    const [of, index, inner] = JSON.parse(Buffer.from(cursor as string, "base64url").toString()) as unknown[];
    const known =
      of === list &&
      Number.isSafeInteger(index) &&
      (index as number) >= 0 &&
      (inner === undefined || typeof inner === "string");
    // Compared with what we would have written: decoding is lenient, and a forged cursor must be refused.
    if (known && encodeCursor(list, index as number, inner as string | undefined) === cursor)
      return [index as number, inner as string | undefined];
  } catch {
    // Falls through to the one answer for every bad cursor.
  }
  return badCursor();
}

export function badCursor(): never {
  throw new ProtocolError(ErrorCode.invalidParams, "Invalid cursor. Start the list again without one.");
}
