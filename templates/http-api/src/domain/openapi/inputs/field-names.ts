import { wordsOf } from "../texts.ts";

/** What a comparison at the end of a parameter's name says: `DateSent<` is what was sent before a date. */
const COMPARISONS: readonly (readonly [sign: string, time: string, other: string])[] = [
  ["<=", "until", "at_most"],
  [">=", "from", "at_least"],
  ["!=", "not", "not"],
  ["<", "before", "below"],
  [">", "after", "above"],
];

/**
 * A parameter's or property's name as a field of a model's input: what models' providers accept, at most 64 characters,
 * and free. Where it is taken, the later one says where it stands: `id`, then `query_id` or `body_id`.
 */
export function fieldName(wanted: string, place: string, taken: Readonly<Record<string, unknown>>): string {
  const safe = legible(wanted);
  const free = [safe, `${place}_${safe}`.slice(0, 64)].find(
    (name) => !Object.hasOwn(taken, name) && name !== "__proto__",
  );
  if (free !== undefined) return free;
  for (let n = 2; ; n += 1) {
    const name = `${safe.slice(0, 60)}_${n}`;
    if (!Object.hasOwn(taken, name)) return name;
  }
}

function legible(wanted: string): string {
  const found = COMPARISONS.find(([sign]) => wanted.endsWith(sign) && wanted.length > sign.length);
  const base = found === undefined ? wanted : wanted.slice(0, -found[0].length);
  const time = /date|time|day|created|updated|sent|start|end/i.test(wordsOf(base));
  const name = found === undefined ? base : `${base}_${time ? found[1] : found[2]}`;
  // `ids[]` is a list called ids; inside, brackets nest.
  const safe = name
    .replace(/\[\]$/, "")
    .replace(/\[([^[\]]+)\]/g, "_$1")
    .replace(/[^A-Za-z0-9_.-]/g, "_")
    .slice(0, 64);
  return /[A-Za-z0-9]/.test(safe) ? safe : "field";
}
