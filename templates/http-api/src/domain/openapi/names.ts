import { createHash } from "node:crypto";
import type { OperationEntry } from "./read-operation.ts";
import { wordsOf } from "./texts.ts";

/** Longest name of a tool that every client takes. */
const MAX_NAME = 64;

/**
 * A tool's name for an operation: its id in snake_case, at most 64 characters. What is cut off is replaced by a hash of
 * the whole, so that the name is the same at every start. An id without Latin letters says nothing there; its method
 * and path do.
 */
function toolName({ id, method, path }: Pick<OperationEntry, "id" | "method" | "path">): string {
  return short(snake(id) || snake(`${method} ${path}`) || "operation", id);
}

const snake = (text: string): string => wordsOf(text).replaceAll(" ", "_");

function short(name: string, whole: string): string {
  const named = /^[a-z]/.test(name) ? name : `op_${name}`;
  if (named.length <= MAX_NAME && named.length >= 2) return named;
  return shortenName(named, whole);
}

const shortenName = (name: string, whole: string): string =>
  `${name.slice(0, MAX_NAME - 9).replace(/_+$/, "")}_${createHash("sha256").update(whole).digest("hex").slice(0, 8)}`;

/**
 * A name for each of some operations, each name once. Ids that differ in case and signs alone come to one name; those
 * are told apart by their paths, then by their methods too.
 */
export function nameOperations<Entry extends Pick<OperationEntry, "id" | "method" | "path">>(
  entries: readonly Entry[],
  taken: ReadonlySet<string> = new Set(),
): Map<string, Entry> {
  const ways = [
    toolName,
    ({ id, path }: Entry) => short([snake(id), snake(path)].filter(Boolean).join("_"), id),
    ({ id, method, path }: Entry) => short([snake(id), snake(method), snake(path)].filter(Boolean).join("_"), id),
    ({ id, method, path }: Entry) =>
      shortenName(
        [snake(id), snake(method), snake(path)].filter(Boolean).join("_") || "operation",
        `${id} ${method} ${path}`,
      ),
  ];
  const names = new Map<Entry, string>();
  let open = entries;
  const used = new Set(taken);
  for (const way of ways) {
    const count = new Map<string, number>();
    for (const entry of open) count.set(way(entry), (count.get(way(entry)) ?? 0) + 1);
    const [alone, shared] = split(open, (entry) => count.get(way(entry)) === 1 && !used.has(way(entry)));
    for (const entry of alone) {
      names.set(entry, way(entry));
      used.add(way(entry));
    }
    open = shared;
  }
  return new Map(entries.flatMap((entry) => (names.has(entry) ? [[names.get(entry) as string, entry] as const] : [])));
}

function split<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  const first: Item[] = [];
  const second: Item[] = [];
  for (const item of items) (isFirst(item) ? first : second).push(item);
  return [first, second];
}
