import { isRawNumber } from "../raw-number.ts";

/**
 * The same value with every string, key and number in it cleaned. Lets other work run in between: an answer has
 * megabytes of strings.
 */
export async function cleanTexts(value: unknown, clean: (text: string) => string): Promise<unknown> {
  const cleaned = new Map<string, string>();
  let since = performance.now();
  for (const text of new Set(textsIn(value))) {
    const better = clean(text);
    if (better !== text) cleaned.set(text, better);
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
  return cleaned.size === 0 ? value : replaced(value, cleaned);
}

/** Longest time before other work gets its turn, in ms. */
const SLICE_MS = 20;

function* textsIn(value: unknown): Iterable<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "number") yield String(value);
  else if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  else if (isRawNumber(value)) yield value.rawJSON;
  else if (Array.isArray(value)) for (const item of value) yield* textsIn(item);
  else
    for (const [key, item] of Object.entries(value)) {
      yield key;
      yield* textsIn(item);
    }
}

function replaced(value: unknown, clean: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return clean.get(value) ?? value;
  if (typeof value === "number") return clean.get(String(value)) ?? value;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (isRawNumber(value)) return clean.get(value.rawJSON) ?? value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, clean));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean.get(key) ?? key, replaced(item, clean)]));
}
