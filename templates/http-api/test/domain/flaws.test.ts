import fc from "fast-check";
import { expect, test } from "vitest";
import { Config } from "../../src/config.ts";
import { flawLines } from "../../src/domain/openapi/document/pointer.ts";
import { readSource } from "../../src/domain/openapi/document/read.ts";
import { flatInputs } from "../../src/domain/openapi/inputs/flat-inputs.ts";
import { listOperations } from "../../src/domain/openapi/operations.ts";
import sample from "../../src/domain/sample/openapi.json" with { type: "json" };
import { openApi } from "../../src/open.ts";
import { described, descriptionFile, operation } from "../fixtures/description.ts";

type Json = Record<string, unknown>;
const read = (document: unknown) => readSource("api.json", Buffer.from(JSON.stringify(document)), {});

/** Every place below a node, as keys. */
function placesOf(node: unknown, at: string[] = []): string[][] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [[...at, key], ...placesOf(value, [...at, key])]);
}

const WRONG = [
  null,
  7,
  "x",
  true,
  [],
  {},
  { $ref: "#/nowhere" },
  { $ref: 7 },
  { $ref: "other.json" },
  [null],
  { a: null },
];

test.each(["3.1.0", "3.0.3"])("whatever is broken in one operation, the others serve (%s)", async (openapi) => {
  const [broken, ...paths] = Object.keys(sample.paths);
  const places = placesOf((sample.paths as Json)[broken as string]);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), fc.constantFrom(...WRONG), async (place, wrong) => {
      const document = structuredClone(sample) as unknown as Json;
      document.openapi = openapi;
      const holder = place
        .slice(0, -1)
        .reduce<Json>((at, key) => at[key] as Json, (document.paths as Json)[broken as string] as Json);
      holder[place.at(-1) as string] = wrong;
      const source = await read(document);
      const operations = listOperations(source.document);
      const served = new Set(operations.entries.map(({ path }) => path));
      for (const path of paths) expect(served).toContain(path);
      for (const { id } of operations.entries) {
        const inputs = flatInputs(operations.get(id));
        expect(inputs.schema.type).toBe("object");
      }
      for (const { pointer, reason } of [...source.flaws, ...operations.flaws]) {
        expect(pointer).toMatch(/^#\//);
        expect(reason).not.toContain("\n");
      }
    }),
    { numRuns: process.env.OFFSHOOT_LONG === "1" ? 2_000 : 150 },
  );
});

test("a flaw takes its operation out, with the place and the reason in one line", async () => {
  const paths = {
    "/good": { get: operation({ operationId: "good" }) },
    "/bad": {
      get: operation({ operationId: "bad", parameters: [{ in: "query", required: true }] }),
      post: operation({ operationId: "fine" }),
    },
    "/gone": { $ref: "#/components/pathItems/gone" },
  };
  const { document } = await read(described(paths));
  const { entries, flaws } = listOperations(document);
  expect(entries.map(({ id }) => id)).toEqual(["good", "fine"]);
  expect(flawLines(flaws)).toEqual([
    "description #/paths/~1bad/get/parameters/0/name: a parameter has no name: left out",
    'description #/paths/~1gone: the reference "#/components/pathItems/gone" leads nowhere: left out',
  ]);
});

test("a broken parameter that may be left out is, and named; one that is needed takes its operations out", async () => {
  const shared = (parameters: Json) => {
    const use = { parameters: Object.keys(parameters).map((name) => ({ $ref: `#/components/parameters/${name}` })) };
    const paths = {
      "/one": { get: operation({ operationId: "one", ...use }) },
      "/two": { ...use, get: operation({ operationId: "two" }) },
      "/free": { get: operation({ operationId: "free" }) },
    };
    return read(described(paths, { components: { parameters } }));
  };
  const limit = { name: "limit", in: "query", schema: { type: "integer" } };
  const optional = listOperations(
    (await shared({ limit, page: { in: "query" }, odd: { name: "x", in: "body" } })).document,
  );
  expect(optional.entries.map(({ id }) => id)).toEqual(["one", "two", "free"]);
  expect(Object.keys(flatInputs(optional.get("two")).schema.properties as Json)).toEqual(["limit"]);
  expect(flawLines(optional.flaws)).toHaveLength(4);
  expect(flawLines(optional.flaws)[0]).toBe(
    "description #/paths/~1one/get/parameters/1/name: a parameter has no name: the parameter is left out",
  );
  const needed = [{ in: "query", required: true }, { name: "x", in: "body", required: true }, { $ref: "#/nowhere" }];
  for (const broken of needed) {
    const { entries } = listOperations((await shared({ limit, broken })).document);
    expect(entries.map(({ id }) => id)).toEqual(["free"]);
  }
});

test("a charset that no text can be written in is named at the start, and another body is taken", async () => {
  const [odd, plain] = ["text/plain; charset=ebcdic-us", "text/plain"];
  const post = (operationId: string, ...types: string[]) =>
    operation({ operationId, requestBody: { content: Object.fromEntries(types.map((type) => [type, {}])) } });
  const paths = { "/a": { post: post("a", odd) }, "/b": { post: post("b", odd, plain) } };
  const { entries, flaws, get } = listOperations((await read(described(paths))).document);
  expect(entries.map(({ id }) => id)).toEqual(["b"]);
  expect(get("b").body?.contentType).toBe(plain);
  expect(flawLines(flaws).join("\n")).toMatch(/~1a.*ebcdic-us: .*: left out\n.*~1b.*ebcdic-us: .*not sent so/);
});

test("when strict, the first flaw stops the start with its place; when all is flawed, always", async () => {
  const bad = { "/bad": { get: operation({ parameters: [{ in: "query", required: true }] }) } };
  const servers = { servers: [{ url: "https://api.example" }] };
  const some = await descriptionFile(described({ ...bad, "/good": { get: operation() } }, servers));
  const open = (settings: Json) => openApi(Config.parse(settings));
  await (await open({ api: some })).close();
  await expect(open({ api: some, strictDescription: "true" })).rejects.toThrow(/#\/paths\/~1bad\/get\/parameters\/0/);
  const all = await descriptionFile(described(bad, servers));
  await expect(open({ api: all })).rejects.toThrow(/is wrong at #\/paths\/~1bad\/get\/parameters\/0\/name/);
});

test("a property that is null, as YAML writes one without a schema, accepts anything", async () => {
  const schema = { type: "object", properties: { x: null, y: { type: "string" } } };
  const requestBody = { content: { "application/json": { schema } } };
  const { document } = await read(described({ "/a": { post: operation({ operationId: "a", requestBody }) } }));
  const { schema: shown } = flatInputs(listOperations(document).get("a"));
  expect(shown.properties).toMatchObject({ x: { description: "x" }, y: { type: "string" } });
});

test("thousands of flaws are some lines", () => {
  const flaws = Array.from({ length: 1_000 }, (_, n) => ({ pointer: `#/${n}`, reason: "wrong" }));
  expect(flawLines(flaws)).toHaveLength(21);
  expect(flawLines(flaws).at(-1)).toMatch(/980 more/);
});
