/** `{note.id}`, `{list.notes.0.id}`. Doubled braces are text. */
const PLACE = /(?<!\{)\{(\w+)((?:\.\w+)+)\}(?!\})/g;

/** The names of kept answers that a value uses. */
export function usesIn(value: unknown): string[] {
  if (typeof value === "string") return [...value.matchAll(PLACE)].map(([, name]) => name as string);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(usesIn) : [];
}

/**
 * A value with the kept answers in their places. A text that is nothing else becomes the value itself.
 *
 * @throws Error naming a place that an answer does not have
 */
export function fill<Value>(value: Value, kept: ReadonlyMap<string, unknown>): Value {
  if (typeof value === "string") return fillText(value, kept) as Value;
  if (Array.isArray(value)) return value.map((item) => fill(item, kept)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, kept)])) as Value;
}

function fillText(text: string, kept: ReadonlyMap<string, unknown>): unknown {
  const [whole] = [...text.matchAll(PLACE)];
  if (whole?.[0] === text && kept.has(whole[1] as string)) return valueAt(whole, kept);
  return text.replaceAll(PLACE, (...match: string[]) =>
    kept.has(match[1] as string) ? String(valueAt(match, kept)) : (match[0] as string),
  );
}

function valueAt([place, name, path]: readonly string[], kept: ReadonlyMap<string, unknown>): unknown {
  let value = kept.get(name as string);
  for (const key of (path as string).slice(1).split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key))
      throw new Error(`${place}: the answer kept as "${name}" has no ${(path as string).slice(1)}`);
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
