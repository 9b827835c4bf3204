import { isRawNumber } from "../../raw-number.ts";
import { visible } from "../../visible.ts";
import { blanking } from "../secrecy/redact.ts";

/**
 * The same value with every string, key and number in it without secrets, and visible. Lets other work run in between:
 * an answer has megabytes of strings, or one of megabytes.
 */
export async function cleanTexts(value: unknown, secrets: readonly string[]): Promise<unknown> {
  const cleaned = await inTurns(cleaning(value, secrets));
  return cleaned.size === 0 ? value : mapTexts(value, (text) => cleaned.get(text) ?? text);
}

function* cleaning(value: unknown, secrets: readonly string[]): Generator<undefined, Map<string, string>> {
  const cleaned = new Map<string, string>();
  const seen = new Set<string>();
  for (const text of textsIn(value)) {
    if (seen.has(text)) continue;
    seen.add(text);
    const better = visible(yield* blanking(text, secrets));
    if (better !== text) cleaned.set(text, better);
  }
  return cleaned;
}

/** Longest time before other work gets its turn, in ms. */
const SLICE_MS = 20;

/** Does work that pauses of its own accord, and lets other work run when it has taken long. */
export async function inTurns<Value>(work: Generator<undefined, Value>): Promise<Value> {
  let since = performance.now();
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step.value;
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

/** Without recursion: what is nested deep would be passed on at every level. */
function* textsIn(root: unknown): Iterable<string> {
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string") yield value;
    else if (typeof value === "number") yield String(value);
    else if (typeof value !== "object" || value === null || value instanceof Uint8Array) continue;
    else if (isRawNumber(value)) yield value.rawJSON;
    else if (Array.isArray(value)) for (const item of value) open.push(item);
    else
      for (const key of Object.keys(value)) {
        yield key;
        open.push((value as Record<string, unknown>)[key]);
      }
  }
}

/** The same value with what `map` makes of every string, key and number in it; itself where that is the same. */
export function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (typeof value === "number" || (typeof value === "object" && value !== null && isRawNumber(value))) {
    const text = typeof value === "number" ? String(value) : value.rawJSON;
    const mapped = map(text);
    return mapped === text ? value : mapped;
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => mapTexts(item, map));
    return items.every((item, at) => item === value[at]) ? value : items;
  }
  const entries = Object.entries(value);
  const mapped = entries.map(([key, item]) => [map(key), mapTexts(item, map)] as const);
  return mapped.every(([key, item], at) => key === entries[at]?.[0] && item === entries[at]?.[1])
    ? value
    : Object.fromEntries(mapped);
}
