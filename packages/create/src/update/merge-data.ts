import { type SchemaObject as Data, equal, isObject } from "../contract/schema.ts";
import { own } from "../own.ts";

/** A place where both sides say something else. Yours was kept. */
export interface DataConflict {
  path: string;
  yours: unknown;
  theirs: unknown;
}

/** Keys of a package.json that are the project's alone. */
const OWN = ["name", "version", "private", "files"];

/** Merges a package.json key by key. Of two newer ranges of a dependency the higher one is taken. */
export function mergeManifest(base: Data, yours: Data, theirs: Data): { merged: Data; conflicts: DataConflict[] } {
  const keep = (data: Data): Data => {
    const kept = Object.fromEntries(Object.entries(data).filter(([key]) => !OWN.includes(key)));
    return { ...kept, ...Object.fromEntries(OWN.filter((key) => key in yours).map((key) => [key, yours[key]])) };
  };
  return mergeData(keep(base), yours, keep(theirs));
}

/** Merges JSON three ways: what only one side changed is taken; where both did, yours stays and is named. */
export function mergeData(base: Data, yours: Data, theirs: Data): { merged: Data; conflicts: DataConflict[] } {
  const conflicts: DataConflict[] = [];
  return { merged: mergeObjects(base, yours, theirs, "", conflicts), conflicts };
}

function mergeObjects(base: Data, yours: Data, theirs: Data, path: string, conflicts: DataConflict[]): Data {
  const merged = orderOf(yours, theirs).map((key) => {
    const [was, mine, wanted] = [base, yours, theirs].map((side) => own(side, key));
    return [key, mergeValues(was, mine, wanted, path === "" ? key : `${path}.${key}`, conflicts)] as const;
  });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

function mergeValues(base: unknown, yours: unknown, theirs: unknown, path: string, conflicts: DataConflict[]): unknown {
  if (equal(yours, theirs) || equal(base, theirs)) return yours;
  if (equal(base, yours)) return theirs;
  if (isObject(yours) && isObject(theirs))
    return mergeObjects(isObject(base) ? base : {}, yours, theirs, path, conflicts);
  const higher = higherRange(yours, theirs);
  if (higher !== undefined) return higher;
  conflicts.push({ path, yours, theirs });
  return yours;
}

/** Yours in your order; what is new from theirs after the key that it follows there. */
function orderOf(yours: Data, theirs: Data): string[] {
  const order = Object.keys(yours);
  let after = -1;
  for (const key of Object.keys(theirs)) {
    const place = order.indexOf(key);
    if (place === -1) order.splice(++after, 0, key);
    else after = place;
  }
  return order;
}

const RANGE = /^([\^~]?)(\d+)\.(\d+)\.(\d+)$/;

/** The higher of two ranges of the same kind; `undefined` for anything else. */
function higherRange(one: unknown, other: unknown): string | undefined {
  const [left, right] = [RANGE.exec(String(one)), RANGE.exec(String(other))];
  if (left === null || right === null || left[1] !== right[1]) return undefined;
  for (const part of [2, 3, 4]) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference > 0 ? (one as string) : (other as string);
  }
  return one as string;
}

/** Data in the form that a text has: its indent, its line ends, its last line. */
export function writeLike(text: string, data: unknown): string {
  const indent =
    /^[{[]\r?\n([ \t]+)/.exec(text)?.[1] ?? (text.includes("\n", 1) && !/^\{[^\n]*\}\s*$/.test(text) ? 2 : undefined);
  const written = JSON.stringify(data, null, indent ?? 2);
  const ends = text.includes("\r\n") ? written.replaceAll("\n", "\r\n") : written;
  return ends + (/\r?\n$/.exec(text)?.[0] ?? "");
}
