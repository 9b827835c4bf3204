import type { Arbitrary } from "fast-check";
import type { Input } from "../requirements/requirement.ts";
import type { FastCheck } from "./scalars.ts";

const nest = (depth: number): unknown => (depth === 0 ? "deep" : { next: nest(depth - 1) });

/** Values that have broken servers: each stands for a class of them. */
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  -0.5,
  1e308,
  5e-324,
  2 ** 53 + 2,
  "",
  " ",
  "NaN",
  "1e999",
  "a\u0000b",
  "line\r\nline\u2028line",
  "\u202eright to left",
  "e\u0301 👩‍👩‍👧‍👦 🏳️‍🌈",
  "\ud800",
  "../../../etc/passwd",
  "file:///etc/passwd",
  "'; DROP TABLE notes; --",
  '" OR NEAR(* ^a -b {c',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template that must stay text
  "${7*7} {{7*7}} %s%n",
  "__proto__",
  "(a+)+$",
  "x".repeat(200_000),
  [],
  {},
  Array.from({ length: 1_000 }, (_, index) => index),
  nest(20),
  nest(80),
  // Parsed, because in source text "__proto__" would set the prototype instead of a key.
  JSON.parse('{"__proto__":{"polluted":1}}'),
  { constructor: { prototype: { polluted: 1 } } },
  { toJSON: "text", toString: 1, length: -1 },
];

const KEYS = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "\u0000", "💥", "k".repeat(2_000)];

/** Sound inputs with some values replaced and keys added. */
export function hostileInputs(fc: FastCheck, sound: Arbitrary<Input>, fields: readonly string[]): Arbitrary<Input> {
  const value = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...VALUES) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  const wrapped = fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 1, arbitrary: fc.array(value, { maxLength: 3 }) },
  );
  const key =
    fields.length === 0
      ? fc.constantFrom(...KEYS)
      : fc.oneof(
          { weight: 5, arbitrary: fc.constantFrom(...fields) },
          { weight: 1, arbitrary: fc.constantFrom(...KEYS) },
        );
  return fc
    .tuple(sound, fc.array(fc.tuple(key, wrapped), { minLength: 1, maxLength: 3 }))
    .map(([input, edits]) => Object.fromEntries([...Object.entries(input), ...edits]));
}
