import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readDescription } from "../../src/domain/openapi/document/read.ts";
import { listOperations } from "../../src/domain/openapi/operations.ts";
import { described, descriptionFile, operation } from "../fixtures/description.ts";

const paths = { "/orders": { get: operation({ operationId: "getOrder" }) } };

test("JSON and YAML of one description are read alike", async () => {
  const yaml = `openapi: 3.1.0\ninfo: { title: Test, version: 1.0.0 }\npaths:\n  /orders:\n    get:\n      operationId: getOrder\n      responses:\n        "200": { description: Done }\n`;
  const fromYaml = await readDescription(await descriptionFile(yaml, "api.yaml"));
  const fromJson = await readDescription(await descriptionFile(described(paths)));
  expect(fromYaml.document).toEqual(fromJson.document);
});

test("OpenAPI 3.0 is raised to 3.1: nullable becomes a type, and an exclusive bound a number", async () => {
  const schema = { type: "integer", nullable: true, minimum: 1, exclusiveMinimum: true };
  const parameters = [{ name: "n", in: "query", schema }];
  const file = await descriptionFile(
    described({ "/n": { get: operation({ operationId: "n", parameters }) } }, { openapi: "3.0.3" }),
  );
  const [parameter] = listOperations((await readDescription(file)).document).get("n").parameters;
  expect(parameter?.schema).toEqual({ type: ["integer", "null"], exclusiveMinimum: 1 });
});

test.each([
  ["a file that is not there", "/no/such/file.json", /cannot be read \(ENOENT\)/],
  ["a folder", "/tmp", /cannot be read \(EISDIR\)/],
])("%s is refused in one line", async (_what, path, why) => {
  await expect(readDescription(path)).rejects.toThrow(why);
});

test.each([
  ["OpenAPI 4", described({}, { openapi: "4.0.0" }), /says openapi: "4.0.0"; OpenAPI 3.0, 3.1 and 3.2 and Swagger 2.0/],
  ["a list", [1], /it holds no object/],
  ["half a JSON document", '{"openapi":', /neither JSON nor YAML/],
  ["no paths at all", { openapi: "3.1.0", info: {} }, /#\/paths is no object/],
])("%s is refused in one line", async (_what, content, why) => {
  const error = await readDescription(await descriptionFile(content)).catch((thrown: Error) => thrown);
  expect((error as Error).message).toMatch(why);
  expect((error as Error).message).not.toContain("\n");
});

test("when strict, what OpenAPI's own schema refuses is refused, with the place", async () => {
  const file = await descriptionFile({ openapi: "3.1.0", info: { version: "1" }, paths });
  await expect(readDescription(file)).resolves.toMatchObject({ flaws: [] });
  await expect(readDescription(file, { strict: true })).rejects.toThrow(
    /at #\/info: must have required property 'title'/,
  );
});

test("a reference out of the file is not followed, and is named with its place", async () => {
  const remote = { schema: { $ref: "http://127.0.0.1:9/pet.json" }, name: "p", in: "query" };
  const file = await descriptionFile(described({ "/p": { get: operation({ parameters: [remote] }) } }));
  const { flaws } = await readDescription(file);
  expect(flaws).toEqual([
    {
      pointer: "#/paths/~1p/get/parameters/0/schema",
      reason: expect.stringMatching(/leads out of the file.*npx @redocly/),
    },
  ]);
});

test("what looks like a reference in an example, a default or a name is none", async () => {
  const elsewhere = { $ref: "User.json" };
  const schema = {
    type: "object",
    example: elsewhere,
    default: elsewhere,
    enum: [elsewhere],
    properties: { $ref: { type: "string" }, example: { type: "object", properties: { default: {} } } },
    "x-more": elsewhere,
  };
  const content = { "application/json": { schema, example: elsewhere, examples: { one: { value: elsewhere } } } };
  const file = await descriptionFile(described({ "/p": { post: operation({ requestBody: { content } }) } }));
  expect((await readDescription(file)).flaws).toEqual([]);
});

test("a byte order mark, YAML's anchors, merge keys and an unquoted version are read", async () => {
  const yaml = `\ufeffopenapi: 3.1\ninfo: { title: T, version: 1 }\nx-common: &common\n  responses: &r { "200": { description: Done } }\npaths:\n  /a:\n    get: { <<: *common, operationId: a }\n  /b:\n    get: { operationId: b, responses: *r }\n`;
  const { document } = await readDescription(await descriptionFile(yaml, "api.yaml"));
  expect(document.paths).toEqual({
    "/a": { get: { operationId: "a", responses: { 200: { description: "Done" } } } },
    "/b": { get: { operationId: "b", responses: { 200: { description: "Done" } } } },
  });
  await expect(
    readDescription(await descriptionFile(`\ufeff${JSON.stringify(described(paths))}`)),
  ).resolves.toBeDefined();
});

test("a few lines of YAML that stand for gigabytes are refused, and so is what holds itself or nests without end", async () => {
  const levels = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}*a${n}]`);
  const bomb = `a0: &a0 [x]\n${levels.join("\n")}\nopenapi: 3.1.0\n`;
  await expect(readDescription(await descriptionFile(bomb, "api.yaml"))).rejects.toThrow(
    /aliases stand for \d+ values/,
  );
  const itself = "openapi: 3.1.0\npaths: &p\n  /a: *p\n";
  await expect(readDescription(await descriptionFile(itself, "api.yaml"))).rejects.toThrow(/nested more than/);
  const deep = `{"openapi":"3.1.0","paths":{},"x":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  await expect(readDescription(await descriptionFile(deep))).rejects.toThrow(/nested more than 400 levels/);
});

test.each(["3.2.0", "3.1.1", "3.0.4"])("OpenAPI %s is read", async (openapi) => {
  const file = await descriptionFile(described({ "/a": { query: operation(), get: operation() } }, { openapi }));
  const { entries } = listOperations((await readDescription(file)).document);
  expect(entries.map(({ method }) => method)).toContain("GET");
});

test("Swagger 2.0 is read as 3.1: body and form parameters are a body, collection formats styles", async () => {
  const swagger = {
    swagger: "2.0",
    info: { title: "T", version: "1" },
    host: "api.example",
    basePath: "/v2",
    schemes: ["https"],
    consumes: ["application/json"],
    paths: {
      "/pets": {
        post: {
          operationId: "add",
          parameters: [{ in: "body", name: "pet", required: true, schema: { $ref: "#/definitions/Pet" } }],
          responses: {},
        },
        get: {
          operationId: "list",
          parameters: [{ in: "query", name: "tag", type: "array", items: { type: "string" }, collectionFormat: "csv" }],
          responses: {},
        },
      },
    },
    definitions: { Pet: { type: "object", properties: { name: { type: "string" } } } },
  };
  const { document } = await readDescription(await descriptionFile(swagger));
  const operations = listOperations(document);
  expect(document.servers).toEqual([{ url: "https://api.example/v2" }]);
  expect(operations.get("add").body).toMatchObject({ contentType: "application/json", required: true });
  expect(operations.get("list").parameters).toMatchObject([{ name: "tag", style: "form", explode: false }]);
});

test("a description that is not the pinned one stops the start and says both digests", async () => {
  const file = await descriptionFile(described(paths));
  const { digest } = await readDescription(file);
  expect(digest).toMatch(/^sha256-/);
  await expect(readDescription(file, { pin: digest })).resolves.toMatchObject({ digest });
  const pin = `sha256-${createHash("sha256").update(readFileSync(file)).digest("base64")}`;
  expect(digest).toBe(pin);
  const changed = await descriptionFile(described({ ...paths, "/extra": { get: operation() } }));
  await expect(readDescription(changed, { pin: digest })).rejects.toThrow(digest);
});

test("examples of bodies are left out, those of schemas are kept, and nothing else is missing", async () => {
  const schema = { type: "string", examples: ["a"], description: "A." };
  const operations = (examples: object) => {
    const content = { "application/json": { schema, ...examples } };
    const requestBody = { content };
    const responses = { 200: { description: "Done", content } };
    return described(
      { "/n": { post: operation({ operationId: "n", requestBody, responses }) } },
      { components: { responses: { Shared: { description: "Shared", content } } } },
    );
  };
  const read = async (examples: object) =>
    (await readDescription(await descriptionFile(operations(examples)))).document;
  const large = { example: { $ref: "#/nowhere" }, examples: { one: { value: "a" } } };
  expect(await read(large)).toEqual(await read({}));
  expect(JSON.stringify(await read(large))).toContain('"examples":["a"]');
});

test("aliases in YAML's flow style, which begins like JSON, are written out too", async () => {
  const text = `{openapi: 3.0.3, info: {title: T, version: "1"}, paths: {}, components: {schemas: {A: &a {type: string, nullable: true}, B: *a}}}`;
  const { document } = await readDescription(await descriptionFile(text, "api.yaml"));
  const { A, B } = (document.components as { schemas: Record<string, unknown> }).schemas;
  expect(A).toEqual({ type: ["string", "null"] });
  expect(B).toEqual(A);
  expect(B).not.toBe(A);
});
