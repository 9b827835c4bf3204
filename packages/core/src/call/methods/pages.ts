import { ErrorCode, ProtocolError } from "../../contract/errors.ts";

/** Entries on one page of a list. */
export const PAGE_SIZE = 100;

/** Signs a cursor, so that only one that was given out is taken back. */
export interface CursorSeal {
  sign(text: string): string;
  signatures(text: string): string[];
}

/** Splits a list that does not change while serving, once, into the pages that clients will ask for. */
export function createPages<Item>(
  member: string,
  items: readonly Item[],
  seal: CursorSeal,
): (cursor: unknown) => object {
  const last = Math.max(1, Math.ceil(items.length / PAGE_SIZE)) - 1;
  // Made when they are asked for: most lists have one, and signing the cursor of another loads node:crypto.
  const pages: object[] = [];
  return (cursor) => {
    const [index] = cursor === undefined || cursor === null ? [0] : decodeCursor(seal, cursor, member);
    if (index > last) badCursor();
    pages[index] ??= Object.freeze({
      [member]: items.slice(index * PAGE_SIZE, (index + 1) * PAGE_SIZE),
      ...(index < last ? { nextCursor: encodeCursor(seal, member, index + 1) } : {}),
    });
    return pages[index];
  };
}

/** An opaque cursor: the list it belongs to, a position, where the domain goes on, and the seal of all that. */
export function encodeCursor(seal: CursorSeal, list: string, index: number, inner?: string): string {
  const text = Buffer.from(JSON.stringify(inner === undefined ? [list, index] : [list, index, inner])).toString(
    "base64url",
  );
  return `${text}.${seal.sign(`cursor ${text}`)}`;
}

/** @throws ProtocolError -32602 for a cursor that this list never gave out */
export function decodeCursor(
  seal: CursorSeal,
  cursor: unknown,
  list: string,
): [index: number, inner: string | undefined] {
  const [text = "", signature = "", ...more] = typeof cursor === "string" ? cursor.split(".") : [];
  if (
    signature.length !== 16 ||
    more.length > 0 ||
    !seal.signatures(`cursor ${text}`).some((right) => sameText(signature, right))
  )
    badCursor();
  const [of, index, inner] = JSON.parse(Buffer.from(text, "base64url").toString()) as [string, number, string?];
  return of === list ? [index, inner] : badCursor();
}

/** Compares in a time that does not tell how much of it is right. */
function sameText(given: string, right: string): boolean {
  let difference = given.length ^ right.length;
  for (let at = 0; at < right.length; at += 1) difference |= given.charCodeAt(at) ^ right.charCodeAt(at);
  return difference === 0;
}

export function badCursor(): never {
  throw new ProtocolError(ErrorCode.invalidParams, "Invalid cursor. Start the list again without one.");
}
