import fc from "fast-check";
import qs from "qs";
import { parseTemplate } from "url-template";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bracketPairs, pathSegment, queryPairs } from "../../../src/domain/request/parameters.ts";
import { operation } from "../../fixtures/description.ts";
import { openWire } from "../../fixtures/wire.ts";

let wire: Awaited<ReturnType<typeof openWire>>;
beforeAll(async () => {
  wire = await openWire();
});
afterAll(() => wire.close());

const string = "blue";
const array = ["blue", "black", "brown"];
const object = { R: 100, G: 200, B: 150 };

/** The table "Style Examples" of the OpenAPI Specification (3.0.4 and 3.1.1), for a parameter called color. */
const TABLE: [
  style: string,
  explode: boolean,
  empty: string | null,
  string: string | null,
  array: string | null,
  object: string | null,
][] = [
  ["matrix", false, ";color", ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"],
  ["matrix", true, ";color", ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"],
  // Label with nothing in it is a dot, which would lead elsewhere: refused, below.
  ["label", false, null, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"],
  ["label", true, null, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"],
  ["simple", false, null, "blue", "blue,black,brown", "R,100,G,200,B,150"],
  ["simple", true, null, "blue", "blue,black,brown", "R=100,G=200,B=150"],
  ["form", false, "color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"],
  ["form", true, "color=", "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"],
  ["spaceDelimited", false, null, null, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"],
  ["pipeDelimited", false, null, null, "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"],
  ["deepObject", true, null, null, null, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"],
];
const IN_PATH = new Set(["matrix", "label", "simple"]);

describe.each(TABLE)("style %s, explode %s", (style, explode, ...cells) => {
  const values = ["", string, array, object];
  const what = ["nothing", "a string", "a list", "an object"];
  test.each(cells.flatMap((cell, n) => (cell === null ? [] : [[what[n], values[n], cell] as const])))(
    "%s goes over the wire as OpenAPI's own table has it",
    async (_what, value, cell) => {
      const place = IN_PATH.has(style) ? "path" : "query";
      const parameter = { name: "color", in: place, required: true, style, explode, schema: {} };
      const path = place === "path" ? "/paint/{color}" : "/paint";
      const { target } = await wire.send(path, { get: operation({ parameters: [parameter] }) }, { color: value });
      expect(target).toBe(place === "path" ? `/v1/paint/${cell}` : `/v1/paint?${cell}`);
    },
  );
});

test.each([
  ["simple", "a list", array, "blue,black,brown"],
  ["simple", "an object", object, "R,100,G,200,B,150"],
])("a header in style %s: %s", async (style, _what, value, expected) => {
  const parameter = { name: "X-Color", in: "header", style, schema: {} };
  const { headers } = await wire.send("/paint", { get: operation({ parameters: [parameter] }) }, { "X-Color": value });
  expect(headers["x-color"]).toBe(expected);
});

describe("the defaults of style and explode are those of the place", () => {
  test.each([
    ["query", undefined, undefined, "/v1/a?v=x&v=y"],
    ["query", "spaceDelimited", undefined, "/v1/a?v=x%20y"],
    ["query", "pipeDelimited", undefined, "/v1/a?v=x%7Cy"],
    ["query", undefined, false, "/v1/a?v=x,y"],
  ])("%s %s %s", async (place, style, explode, expected) => {
    const parameter = { name: "v", in: place, style, explode, schema: {} };
    const { target } = await wire.send("/a", { get: operation({ parameters: [parameter] }) }, { v: ["x", "y"] });
    expect(target).toBe(expected);
  });
});

const inQuery = (more: object) => operation({ parameters: [{ name: "v", in: "query", ...more }] });

test("a parameter with content is that media type's text, in the query, the path and a header", async () => {
  const content = { "application/json": { schema: { type: "object" } } };
  const value = { a: [1, { b: "é&=" }] };
  const query = await wire.send("/a", { get: inQuery({ content }) }, { v: value });
  expect(JSON.parse(new URL(query.target, "http://x").searchParams.get("v") ?? "")).toEqual(value);
  const list = await wire.send("/a", { get: inQuery({ content }) }, { v: [{ a: 1 }] });
  expect(new URL(list.target, "http://x").searchParams.getAll("v")).toEqual(['[{"a":1}]']);
  const path = { name: "v", in: "path", required: true, content };
  const { target } = await wire.send("/a/{v}", { get: operation({ parameters: [path] }) }, { v: value });
  expect(JSON.parse(decodeURIComponent(target.split("/").at(-1) ?? ""))).toEqual(value);
  const header = { name: "X-V", in: "header", content };
  const { headers } = await wire.send("/a", { get: operation({ parameters: [header] }) }, { "X-V": value });
  expect(JSON.parse(headers["x-v"] ?? "")).toEqual(value);
});

test("allowReserved leaves what a URL may hold, and nothing that would end the value", async () => {
  const { target } = await wire.send(
    "/a",
    { get: inQuery({ allowReserved: true, schema: {} }) },
    { v: "a/b:c?d,e&f=g#h +%" },
  );
  expect(target).toBe("/v1/a?v=a/b:c?d,e%26f=g%23h%20%2B%25");
});

test("a path that brings a query or a fragment of its own keeps the query and loses the fragment", async () => {
  const { target } = await wire.send("/q?kind=x y#frag", { get: inQuery({ schema: {} }) }, { v: "1" });
  expect(target).toBe("/v1/q?kind=x%20y&v=1");
});

test("what a description forgets to say of a path variable is a string, and what is not in the path is not asked", async () => {
  const item = { get: operation({ parameters: [{ name: "gone", in: "path", required: true, schema: {} }] }) };
  expect((await wire.send("/a/{id}", item, { id: "7" })).target).toBe("/v1/a/7");
});

// Another implementation of RFC 6570, whose operators OpenAPI's styles are.
const OPERATORS = { simple: "", label: ".", matrix: ";", form: "?" } as const;
const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((value) => value.isWellFormed());
const values = fc.oneof(
  text,
  fc.array(text, { minLength: 1 }),
  fc.dictionary(
    text.filter((key) => key !== "__proto__"),
    text,
    { minKeys: 1 },
  ),
);
/** RFC 6570 leaves these as they are; here they are escaped in a path, which reads the same. */
const folded = (expanded: string): string => expanded.replace(/%(21|27|28|29|2A)/g, (code) => decodeURIComponent(code));

test.each(["simple", "label", "matrix", "form"] as const)("%s is what RFC 6570 expands to, for any value", (style) => {
  fc.assert(
    fc.property(values, fc.boolean(), (value, explode) => {
      const expected = parseTemplate(`{${OPERATORS[style]}v${explode ? "*" : ""}}`).expand({ v: value as never });
      const parameter = { name: "v", style, explode };
      let made: string;
      if (style === "form") {
        const escaped = (part: string) => encodeURIComponent(part);
        made = `?${queryPairs("v", parameter, value)
          .map(([key, plain, as = escaped(plain)]) => `${escaped(key)}=${as}`)
          .join("&")}`;
      } else {
        try {
          made = pathSegment("v", parameter, value);
        } catch {
          return expected === "" || expected === "." || expected === "..";
        }
      }
      return folded(made) === folded(expected);
    }),
    { numRuns: 300 },
  );
});

test("brackets are read back by qs as what was given", () => {
  const leaf = fc.oneof(fc.string({ minLength: 1 }), fc.integer().map(String));
  const key = fc.stringMatching(/^[a-z]{1,6}$/);
  const tree: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      leaf,
      fc.array(leaf, { minLength: 1, maxLength: 4 }),
      fc.array(fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 3 }), { minLength: 1, maxLength: 4 }),
      fc.dictionary(key, tie("node"), { minKeys: 1, maxKeys: 4 }),
    ),
  })).node;
  fc.assert(
    fc.property(fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 }), (value) => {
      const query = bracketPairs("v", value)
        .map(([name, item]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(item))}`)
        .join("&");
      expect(qs.parse(query, { depth: 20, plainObjects: false })).toEqual({ v: value });
    }),
  );
});
