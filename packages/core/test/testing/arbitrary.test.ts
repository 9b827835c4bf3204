import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { arbitraryOf } from "../../src/testing/fuzz/arbitrary.ts";
import { Unsupported } from "../../src/testing/fuzz/scalars.ts";
import type { Json } from "../../src/testing/requirements/schemas.ts";

interface Tree {
  name: string;
  children: Tree[];
}
const Tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(Tree)) });

/** What the templates' schemas are made of. */
const schemas: Record<string, z.ZodType> = {
  "text with bounds": z.string().min(3).max(7),
  "long text": z.string().min(1).max(100_000),
  "an id by its pattern": z.string().regex(/^n[1-9][0-9]{0,14}$/),
  "letters of any script": z
    .string()
    .regex(/^\p{L}+$/u)
    .max(10),
  "several checks on one text": z.string().startsWith("ab").endsWith("z"),
  "an enum": z.enum(["brief", "detailed"]),
  "a literal": z.literal(["a", 1, null]),
  "a whole number with bounds": z.int().min(1).max(100),
  "a number above and below": z.number().gt(0).lt(1),
  "a multiple": z.number().multipleOf(0.25).min(1).max(2),
  "a boolean": z.boolean(),
  "something or null": z.string().nullable(),
  "a union": z.union([z.string().max(3), z.int(), z.object({ a: z.boolean() })]),
  "a list with bounds": z.array(z.int()).min(1).max(3),
  "a tuple with a rest": z.tuple([z.string(), z.number()]).rest(z.boolean()),
  "optional and defaulted fields": z.object({ a: z.string(), b: z.int().optional(), c: z.boolean().default(true) }),
  "a closed object": z.strictObject({ a: z.string() }),
  "a dictionary": z.record(z.string().regex(/^[a-z]{1,4}$/), z.int()),
  "a dictionary of all of an enum": z.record(z.enum(["x", "y"]), z.int()),
  "a dictionary of some of an enum": z.partialRecord(z.enum(["x", "y"]), z.int()),
  "an intersection": z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
  "a discriminated union": z.discriminatedUnion("type", [
    z.object({ type: z.literal("append"), text: z.string() }),
    z.object({ type: z.literal("replace"), find: z.string().min(1), count: z.int().min(1).optional() }),
  ]),
  recursion: Tree,
  "an unknown value": z.object({ value: z.unknown() }),
  "an e-mail address": z.email(),
  "a uuid": z.uuid(),
  "an instant": z.iso.datetime(),
  "an instant with an offset": z.iso.datetime({ offset: true }),
  "a day": z.iso.date(),
  "a time": z.iso.time(),
  "a duration": z.iso.duration(),
  "a url": z.url(),
  "an address of the 4th and the 6th version": z.union([z.ipv4(), z.ipv6()]),
  base64: z.base64(),
  "a ulid": z.ulid(),
  "an emoji": z.emoji(),
};

describe("what is made from the JSON Schema fits the zod schema:", () => {
  test.each(Object.entries(schemas))("%s", (_name, schema) => {
    const json = z.toJSONSchema(schema, { io: "input" }) as Json;
    fc.assert(
      fc.property(arbitraryOf(fc, json), (value) => {
        // As a client would send it.
        const sent: unknown = JSON.parse(JSON.stringify(value));
        expect(schema.safeParse(sent).error?.issues).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});

test("optional fields are there in some values and not in others", () => {
  const json = z.toJSONSchema(z.object({ a: z.string().optional() })) as Json;
  const made = fc.sample(arbitraryOf(fc, json), 100) as object[];
  expect(new Set(made.map((value) => "a" in value))).toEqual(new Set([true, false]));
});

test("recursion reaches into the depth and ends", () => {
  const made = fc.sample(arbitraryOf(fc, z.toJSONSchema(Tree) as Json), 200) as Tree[];
  const depth = ({ children }: Tree): number => 1 + Math.max(0, ...children.map(depth));
  expect(Math.max(...made.map(depth))).toBeGreaterThan(1);
});

test.each([
  ["a pattern with look-ahead", { type: "string", pattern: "^(?=.*x).*y$" }],
  ["bounds that hardly any text fits", { type: "string", pattern: "^[a-z]*$", minLength: 4_000 }],
  ["nothing at all", { type: "object", properties: { a: { not: {} } }, required: ["a"] }],
  ["recursion without an end", { type: "object", properties: { next: { $ref: "#" } }, required: ["next"] }],
  ["no number between the bounds", { type: "integer", minimum: 5, exclusiveMaximum: 5 }],
])("%s is said to be unsupported, instead of searched for without an end", (_name, schema) => {
  expect(() => arbitraryOf(fc, schema as Json)).toThrow(Unsupported);
});
