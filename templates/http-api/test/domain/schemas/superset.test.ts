import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { client, judge, ownClient, read, validator } from "../../fixtures/schemas.ts";

// Hundreds of schemas are compiled, each in milliseconds: a machine under load takes ten times as long.
vi.setConfig({ testTimeout: 180_000 });

/** Some patterns that the linear engine knows, some that it does not, and some that no engine should be given. */
const PATTERNS = ["^a", "b$", "^[\\w.]+$", "(?=a)", "^(?!b)", "(a)\\1", "^.{1,2}$", "\\d", "^(a+)+$", "[^a]"];
const NAMES = ["a", "b", "c"];
const TYPES = ["string", "number", "object", "array", "null", "boolean", "integer"];

/** Makes what numbers choose: fast-check makes the numbers small, and the schema with them. */
function builder(tape: number[]) {
  let at = 0;
  const pick = <T>(list: readonly T[]): T => list[(tape[at++] ?? 0) % list.length] as T;
  const times = <T>(most: number, make: () => T): T[] => Array.from({ length: 1 + ((tape[at++] ?? 0) % most) }, make);
  const schema = (depth: number): unknown =>
    depth > 3 || pick([0, 1, 2, 3, 4, 5]) === 5 ? pick([true, false, {}]) : node(depth);
  const KEYWORDS: Record<string, (depth: number) => object> = {
    type: () => ({ type: pick([...TYPES, ["string", "null"], ["object", "array", "string"]]) }),
    enum: () => ({ enum: times(3, () => pick(["a", "ab", 1, null, "\u202e"])) }),
    pattern: () => ({ pattern: pick(PATTERNS) }),
    length: () => ({ minLength: pick([0, 1, 2]) }),
    maximum: () => ({ maximum: pick([0, 1, 2, 3]) }),
    required: () => ({ required: [pick(NAMES)] }),
    properties: (depth) => ({ properties: { [pick(NAMES)]: schema(depth), [pick(NAMES)]: schema(depth) } }),
    patterns: (depth) => ({ patternProperties: { [pick(PATTERNS)]: schema(depth) } }),
    additional: (depth) => ({ additionalProperties: schema(depth) }),
    names: (depth) => ({ propertyNames: schema(depth) }),
    items: (depth) => ({ items: schema(depth) }),
    prefix: (depth) => ({ prefixItems: times(2, () => schema(depth)) }),
    contains: (depth) => ({ contains: schema(depth), maxContains: pick([0, 1, 2, 9]) }),
    allOf: (depth) => ({ allOf: times(2, () => schema(depth)) }),
    anyOf: (depth) => ({ anyOf: times(2, () => schema(depth)) }),
    oneOf: (depth) => ({ oneOf: times(3, () => schema(depth)) }),
    not: (depth) => ({ not: schema(depth) }),
    if: (depth) => ({ if: schema(depth), [pick(["then", "else"])]: schema(depth) }),
    $ref: () => ({ $ref: pick(["#/$defs/A", "#/$defs/B", "#/$defs/C"]) }),
    uneval: (depth) => ({ properties: { [pick(NAMES)]: schema(depth) }, unevaluatedProperties: false }),
  };
  const kinds = Object.values(KEYWORDS);
  const node = (depth: number): object => Object.assign({}, ...times(2, () => pick(kinds)(depth + 1)));
  return { ...node(0), $defs: { A: node(1), B: node(2), C: node(2) } };
}
const document = fc.array(fc.nat(999), { minLength: 5, maxLength: 80 }).map(builder);
const name = fc.constantFrom(...NAMES);

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("a", "b", "ab", "aa", "", "1", 0, 1, 2.5, 4, null, true, false, "\u202e"),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

/** What the standard says, by a validator that nothing was taken from. `undefined` for what it cannot compile either. */
function standard(schema: object): ((value: unknown) => boolean) | undefined {
  try {
    return judge(schema, { ownProperties: true });
  } catch {
    return undefined;
  }
}

test("whatever fits a schema by the standard fits what is validated, and whatever fits that fits what is shown", () => {
  let fitting = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      document,
      fc.array(value, { minLength: 4, maxLength: 12 }),
      fc.constantFrom(0, 60, 200, 4_096),
      (schema, values, budget) => {
        const { whole, client: shown, model } = read(schema, "reply", budget);
        const [byStandard, check] = [standard(schema), validator(whole)];
        const [byClient, byModel] = [client(shown), ownClient(model)];
        for (const given of values) {
          const fits = check(given).length === 0;
          if (byStandard?.(given) && !fits) throw new Error(`whole refuses ${JSON.stringify(given)}`);
          if (fits && !byClient(given)) throw new Error(`the client refuses ${JSON.stringify(given)}`);
          // A model is shown patterns as they are, and values may be held to less than that.
          if (byStandard?.(given) && !byModel(given)) throw new Error(`what is shown refuses ${JSON.stringify(given)}`);
          if (fits) fitting += 1;
          else refused += 1;
        }
      },
    ),
    { numRuns: process.env.OFFSHOOT_LONG ? 10_000 : 150 },
  );
  // Else the property would say nothing.
  expect(Math.min(fitting, refused)).toBeGreaterThan(100);
});

test("a value at which Ajv throws when it looks for all errors is judged all the same", () => {
  const check = validator(
    read({ patternProperties: { "^a": true }, anyOf: [{ additionalProperties: { type: "string" } }] }).whole,
  );
  expect(check({ a: {} }).map(({ path }) => path)).toContainEqual(["a"]);
  expect(check({ a: "a" })).toEqual([]);
});

describe("nothing that a description may hold fails later than where it is read", () => {
  /** Every keyword with every sort of value, also those that it cannot have. */
  const KEYWORDS = [
    ...["type", "enum", "const", "required", "properties", "patternProperties", "additionalProperties", "items"],
    ...[
      "prefixItems",
      "allOf",
      "anyOf",
      "oneOf",
      "not",
      "if",
      "then",
      "else",
      "contains",
      "minContains",
      "maxContains",
    ],
    ...[
      "pattern",
      "format",
      "minLength",
      "maxLength",
      "minimum",
      "exclusiveMinimum",
      "multipleOf",
      "uniqueItems",
      "$ref",
    ],
    ...["$id", "id", "$schema", "$anchor", "$dynamicRef", "$dynamicAnchor", "nullable", "discriminator", "definitions"],
    ...["dependentRequired", "dependentSchemas", "dependencies", "propertyNames", "unevaluatedProperties", "$defs"],
    ...[
      "readOnly",
      "writeOnly",
      "title",
      "description",
      "default",
      "example",
      "examples",
      "x-thing",
      "__proto__",
      "$data",
    ],
  ];
  const LEAVES: unknown[] = [
    ...[null, true, false, 0, -1, 1.5, "", "any", "file", "String", "string", "object", "(", "[\\w-.]", "(?i)a", "#"],
    ...["#/$defs/A", "other.json", ["a", "a"], ["any"], [null], [1], [], {}],
  ];
  const odd = fc.array(fc.nat(999), { maxLength: 60 }).map((tape) => {
    let at = 0;
    const next = (): number => tape[at++] ?? 0;
    const make = (depth: number): unknown => {
      const kind = next() % 6;
      if (depth > 4 || kind < 2) return LEAVES[next() % LEAVES.length];
      if (kind === 2) return Array.from({ length: next() % 3 }, () => make(depth + 1));
      const keys = Array.from({ length: next() % 4 }, () => KEYWORDS[next() % KEYWORDS.length] as string);
      return JSON.parse(
        `{${[...new Set(keys)].map((key) => `${JSON.stringify(key)}:${JSON.stringify(make(depth + 1))}`).join(",")}}`,
      );
    };
    return make(0);
  });

  test("any JSON where a schema belongs", () => {
    fc.assert(
      fc.property(fc.record({ root: odd, A: odd }), fc.array(value, { maxLength: 4 }), ({ root, A }, values) => {
        const schema =
          typeof root === "object" && root !== null && !Array.isArray(root) ? { ...root, $defs: { A } } : root;
        for (const direction of ["request", "reply"] as const) {
          const { whole, client: shown, model } = read(schema, direction, 100);
          const check = validator(whole);
          const [byClient, byModel] = [client(shown), ownClient(model)];
          for (const given of values) {
            if (check(given).length > 0) continue;
            expect(byClient(given)).toBe(true);
            byModel(given);
          }
        }
      }),
      { numRuns: process.env.OFFSHOOT_LONG ? 10_000 : 150 },
    );
  });
});
