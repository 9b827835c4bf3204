import type { Caller } from "../../contract/context.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { type AccessNow, type Item, isCallable } from "../access.ts";

/** Entries on one page of a list. */
export const PAGE_SIZE = 100;

/** Signs a cursor, so that only one that was given out is taken back. */
export interface CursorSeal {
  sign(text: string): string;
  signatures(text: string): string[];
}

/** What every list needs of its server. */
export interface ListOptions {
  seal: CursorSeal;
  access: AccessNow;
}

/** Different lists under one policy that are kept: as many as there are kinds of callers, as a rule a few. */
const MAX_LISTS = 64;

type Pages = (cursor: unknown) => object;

/**
 * The pages of a list whose entries do not change while serving: each caller sees what it may call. Made once for all
 * callers that may call the same.
 */
export function createPages<Listed extends Item>(
  member: string,
  items: readonly Listed[],
  entryOf: (item: Listed) => object,
  { seal, access }: ListOptions,
): (cursor: unknown, caller: Caller) => object {
  const entries = items.map(entryOf);
  const whole = split(member, entries, seal);
  const lists = new Map<string, Pages>();
  return (cursor, caller) => {
    const now = access();
    if (now === undefined) return whole(cursor);
    const callable = items.map((item) => isCallable(now, caller, item));
    const key = callable.map(Number).join("");
    let pages = lists.get(key);
    if (pages === undefined) {
      if (lists.size >= MAX_LISTS) lists.clear();
      pages = split(
        member,
        entries.filter((_, index) => callable[index]),
        seal,
      );
      lists.set(key, pages);
    }
    return pages(cursor);
  };
}

/** Splits a list, once, into the pages that clients will ask for. */
function split(member: string, items: readonly object[], seal: CursorSeal): Pages {
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
