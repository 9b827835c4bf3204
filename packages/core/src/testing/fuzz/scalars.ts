import type { Arbitrary } from "fast-check";
import type { Json } from "../requirements/schemas.ts";

export type FastCheck = typeof import("fast-check").default;

/** A schema of which no value can be made here; the message names what stands in the way. */
export class Unsupported extends Error {}

const SAFE = Number.MAX_SAFE_INTEGER;

/** Numbers within the bounds of a schema. @throws Unsupported when there is none */
export function numbers(fc: FastCheck, schema: Json, whole: boolean): Arbitrary<unknown> {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema as Record<
    string,
    number | undefined
  >;
  const low = Math.max(minimum ?? -SAFE, exclusiveMinimum ?? -SAFE);
  const high = Math.min(maximum ?? SAFE, exclusiveMaximum ?? SAFE);
  const step = multipleOf ?? (whole ? 1 : undefined);
  if (step === undefined) {
    return fc.double({
      min: low,
      max: high,
      minExcluded: low === exclusiveMinimum,
      maxExcluded: high === exclusiveMaximum,
      noNaN: true,
    });
  }
  const min = Math.max(Math.floor(low / step) + (low === exclusiveMinimum || low % step !== 0 ? 1 : 0), -SAFE);
  const max = Math.min(Math.ceil(high / step) - (high === exclusiveMaximum || high % step !== 0 ? 1 : 0), SAFE);
  if (min > max) throw new Unsupported("bounds with no number between them");
  return fc.integer({ min, max }).map((count) => count * step);
}

const isoDate = (fc: FastCheck): Arbitrary<string> =>
  fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString());

/** Formats that come without a pattern, or with one that fast-check cannot generate from. */
const formats: Record<string, (fc: FastCheck) => Arbitrary<string>> = {
  "date-time": isoDate,
  date: (fc) => isoDate(fc).map((text) => text.slice(0, 10)),
  duration: (fc) => fc.constantFrom("P1D", "PT5M", "P2W", "P1Y2M3DT4H5M6S"),
  uri: (fc) => fc.webUrl(),
  email: (fc) => fc.emailAddress(),
  uuid: (fc) => fc.uuid(),
  ipv4: (fc) => fc.ipV4(),
  ipv6: (fc) => fc.ipV6(),
  hostname: (fc) => fc.domain(),
  emoji: (fc) => fc.constantFrom("🙂", "🚀", "📚"),
};

/** Strings that a schema accepts; `patterns` are those of all its parts. @throws Unsupported */
export function strings(fc: FastCheck, schema: Json, patterns: readonly string[]): Arbitrary<unknown> {
  const {
    minLength = 0,
    maxLength,
    format,
  } = schema as { minLength?: number | undefined; maxLength?: number | undefined; format?: string | undefined };
  const checks = patterns.map(expression);
  // zod counts UTF-16 units where JSON Schema counts characters: what is short for both is short.
  const fits = (text: string) =>
    [...text].length >= minLength && text.length <= (maxLength ?? SAFE) && checks.every((check) => check.test(text));
  const bounds = { minLength, ...(maxLength === undefined ? {} : { maxLength }) };
  const ofFormat = () => (format === undefined ? undefined : formats[format]?.(fc));
  const plain = () =>
    ofFormat() ??
    fc.oneof(
      { weight: 3, arbitrary: fc.string(bounds) },
      { weight: 1, arbitrary: fc.string({ ...bounds, unit: "grapheme" }) },
    );
  // A filter that hardly anything passes would search without an end.
  const enough = (made: Arbitrary<string>) => fc.sample(made, { numRuns: 100, seed: 1 }).filter(fits).length >= 10;
  const tries =
    checks.length === 0
      ? [plain]
      : [joinPatterns(patterns), ...checks].map(
          (from) => () => fc.stringMatching(from, maxLength === undefined ? {} : { maxLength }),
        );
  for (const attempt of [...tries, ofFormat]) {
    const made = orNothing(attempt);
    if (made !== undefined && enough(made)) return made.filter(fits);
  }
  throw new Unsupported(
    patterns.length === 0
      ? `a string of ${JSON.stringify({ ...bounds, format })}`
      : `the pattern ${patterns.join(" and ")}`,
  );
}

// fast-check throws for what it cannot generate from: look-ahead, say.
function orNothing<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** One expression for several, which zod writes for `startsWith`, `includes` and `endsWith` together. */
function joinPatterns(patterns: readonly string[]): RegExp {
  const place = (pattern: string) => (pattern.startsWith("^") ? 0 : pattern.endsWith("$") ? 2 : 1);
  const parts = patterns
    .toSorted((a, b) => place(a) - place(b))
    .map((pattern) => `(?:${pattern.replace(/^\^/, "").replace(/\$$/, "")})`);
  return expression(patterns.length === 1 ? (patterns[0] as string) : `^${parts.join("")}$`);
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return new RegExp(pattern);
  }
}
