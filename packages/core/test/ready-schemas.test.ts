import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { recordStart } from "../src/bundle/record-start.ts";
import { readySchemas, sourceOf } from "../src/contract/schemas/ready.ts";
import { toJsonSchema } from "../src/contract/schemas/schema.ts";

const leaf = fc.oneof(
  fc.record({ min: fc.nat(9), max: fc.nat(9), pattern: fc.constantFrom("a", "b") }).map(
    ({ min, max, pattern }) =>
      () =>
        z.string().min(min).max(max).regex(new RegExp(pattern)),
  ),
  fc.nat(9).map((max) => () => z.int().max(max)),
  fc.nat(9).map((min) => () => z.number().min(min).default(min)),
  fc.constantFrom<() => z.ZodType>(z.boolean, z.null, z.url, z.email, z.uuid, z.iso.datetime, z.any, z.string),
  fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }).map((values) => () => z.enum(values)),
  fc.constantFrom("a", 1, true, null).map((value) => () => z.literal(value)),
);
const schema = fc.letrec<{ node: () => z.ZodType }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    tie("node").map((inner) => () => inner().optional()),
    tie("node").map((inner) => () => inner().nullable()),
    tie("node").map((inner) => () => inner().readonly()),
    fc.tuple(tie("node"), fc.nat(5)).map(
      ([inner, max]) =>
        () =>
          z.array(inner()).max(max),
    ),
    tie("node").map((inner) => () => z.record(z.string(), inner())),
    fc.tuple(tie("node"), tie("node")).map(
      ([a, b]) =>
        () =>
          z.union([a(), b()]),
    ),
    fc.tuple(tie("node"), tie("node")).map(
      ([a, b]) =>
        () =>
          z.tuple([a()], b()),
    ),
    fc.tuple(tie("node"), fc.constantFrom("a", "b"), fc.constantFrom(z.object, z.strictObject, z.looseObject)).map(
      ([inner, name, object]) =>
        () =>
          object({ [name]: inner().describe(`Field ${name}.`) }),
    ),
  ),
})).node;
/** Two that differ in little more often than two at random do. */
const pair = fc.tuple(schema, schema, fc.boolean()).map(([a, b, same]) => [a, same ? a : b] as const);
const root = (make: () => z.ZodType) => z.object({ field: z.array(make()).describe("The field.") });
const convert = (of: z.ZodType, io: "input" | "output"): unknown => {
  readySchemas.clear();
  return toJsonSchema(of, io, "test");
};

test("two schemas whose source is the same have the same JSON Schema", () => {
  fc.assert(
    fc.property(pair, fc.constantFrom("input" as const, "output" as const), ([a, b], io) => {
      const [one, other] = [root(a), root(b)];
      const [source, second] = [sourceOf(one, io), sourceOf(other, io)];
      expect(source).toBeTypeOf("string");
      if (source === second) expect(convert(one, io)).toEqual(convert(other, io));
      if (a === b) expect(source).toBe(second);
    }),
    { numRuns: 500 },
  );
});

test.each<[string, z.ZodType, z.ZodType]>([
  ["a description", z.string().describe("a"), z.string().describe("b")],
  ["a description of what is wrapped", z.string().describe("a").optional(), z.string().describe("b").optional()],
  ["an example", z.string().meta({ examples: ["a"] }), z.string().meta({ examples: ["b"] })],
  ["a default", z.string().default("a"), z.string().default("b")],
  ["a list and an object", z.any().meta({ x: ["k", "v"] }), z.any().meta({ x: { k: "v" } })],
  ["a name and its value", z.any().meta({ ab: "c" }), z.any().meta({ a: "bc" })],
  ["a field named checks", z.object({ checks: z.string() }), z.object({ checks: z.int() })],
  ["how a union decides", z.union([z.string(), z.int()]), z.xor([z.string(), z.int()])],
])("%s makes another source", (_what, a, b) => {
  expect(
    sourceOf(
      root(() => a),
      "input",
    ),
  ).not.toBe(
    sourceOf(
      root(() => b),
      "input",
    ),
  );
});

test("what says the same twice has one source, refinements and messages left out", () => {
  const make = (message: string) =>
    root(() => z.string(message).refine((text) => text !== message, { error: message, params: { message } }));
  expect(sourceOf(make("a"), "input")).toBe(sourceOf(make("b"), "input"));
});

/** A tree, as deep as its leaves say before it comes back to itself. */
const tree = (words: string, second = false) => {
  const Node = z.object({
    name: z.string().describe(words),
    get children(): z.ZodOptional<z.ZodArray<z.ZodType>> {
      return z.array(Node).optional().describe("What is below it");
    },
    ...(second && { beside: z.string().describe("Beside it") }),
  });
  return Node;
};
const twice = (a: z.ZodType, b: z.ZodType) => () => z.object({ a: a.describe("a"), b: b.describe("b") });

/** One in another, and the inner one goes back to itself or to the outer one. */
const within = (toOuter: boolean) => {
  const Inner: z.ZodType = z.object({
    get up(): z.ZodType {
      return (toOuter ? Outer : Inner).optional().describe("Up");
    },
  });
  const Outer: z.ZodType = z.object({ inner: z.array(Inner).describe("Inside") });
  return z.array(Outer);
};

test("schemas that recurse have a source, the same for those that are converted to the same", () => {
  const sound = tree("a");
  const makes = [
    () => tree("a"),
    () => tree("b"),
    () => tree("a", true),
    () => z.array(tree("a")),
    twice(tree("a"), tree("a")),
    twice(sound, sound),
    () => within(true),
    () => within(false),
    () => z.object({ one: sound.describe("1"), two: z.object({ three: sound.describe("3") }).describe("2") }),
  ];
  const all = makes.flatMap((make) => [make, make]).map((make) => z.object({ field: make().describe("The field.") }));
  const sources = all.map((one) => sourceOf(one, "output"));
  const schemas = all.map((one) => JSON.stringify(convert(one, "output")));
  for (const [at, source] of sources.entries()) {
    expect(source).toBeTypeOf("string");
    for (const [other, its] of sources.entries()) if (source === its) expect(schemas[at]).toBe(schemas[other]);
  }
  for (let at = 0; at < sources.length; at += 2) expect(sources[at]).toBe(sources[at + 1]);
});

const recursive: z.ZodType = z.lazy(() => z.object({ next: recursive }));
class Own {}
function convertsItself(): z.ZodType {
  const schema = z.string();
  schema._zod.toJSONSchema = () => ({ type: "string", format: "own" });
  return schema;
}
test.each<[string, z.ZodType]>([
  ["is put off, and recurses", recursive],
  ["has an id", z.string().meta({ id: "shared" })],
  ["had an id before it was described again", z.string().meta({ id: "before" }).describe("b")],
  ["transforms", z.string().transform(Number)],
  ["is of a class", z.instanceof(Own)],
  ["holds an object of a class", z.any().meta({ examples: [new Own()] })],
  ["is a bigint", z.literal(5n)],
  ["converts itself", convertsItself()],
])("a schema that %s is converted each time", (_what, inner) => {
  expect(
    sourceOf(
      root(() => inner),
      "input",
    ),
  ).toBeUndefined();
});

test("a server that is started to be bundled sees no setting of the shell that it is bundled in", () => {
  const folder = mkdtempSync(join(tmpdir(), "offshoot-recorded-"));
  try {
    const [server, data] = [join(folder, "server.mjs"), join(folder, "data")];
    writeFileSync(
      server,
      `import { writeFileSync } from "node:fs";
      globalThis[Symbol.for("offshoot.readySchemas")].set("source", { type: "object" });
      if (process.env.MINE_DATA) writeFileSync(process.env.MINE_DATA, "touched");`,
    );
    vi.stubEnv("MINE_DATA", data);
    expect(recordStart([server], []).schemas).toEqual([["source", { type: "object" }]]);
    expect(existsSync(data)).toBe(false);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  }
});
