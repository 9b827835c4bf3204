import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { listOperations } from "../../src/domain/openapi/operations.ts";
import { readDescription } from "../../src/domain/openapi/read.ts";
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
  ["Swagger 2.0", { swagger: "2.0", info: {}, paths: {} }, /says swagger: "2.0"; OpenAPI 3.0 and 3.1 are understood/],
  ["OpenAPI 4", described({}, { openapi: "4.0.0" }), /says openapi: "4.0.0"/],
  ["a list", [1], /it holds no object/],
  ["half a JSON document", '{"openapi":', /neither JSON nor YAML/],
  ["an info without a title", { openapi: "3.1.0", info: { version: "1" }, paths: {} }, /no valid OpenAPI description/],
])("%s is refused in one line", async (_what, content, why) => {
  const error = await readDescription(await descriptionFile(content)).catch((thrown: Error) => thrown);
  expect((error as Error).message).toMatch(why);
  expect((error as Error).message).not.toContain("\n");
});

test("a reference out of the file is refused before anything is fetched", async () => {
  const remote = { schema: { $ref: "http://127.0.0.1:9/pet.json" }, name: "p", in: "query" };
  const file = await descriptionFile(described({ "/p": { get: operation({ parameters: [remote] }) } }));
  await expect(readDescription(file)).rejects.toThrow(/refers to http:\/\/127.0.0.1:9\/pet.json, outside itself/);
});

test("YAML aliases are refused: a few lines of them can stand for gigabytes", async () => {
  const bomb = "a: &a [x, x]\nb: &b [*a, *a]\nopenapi: 3.1.0\n";
  await expect(readDescription(await descriptionFile(bomb, "api.yaml"))).rejects.toThrow(/neither JSON nor YAML/);
});

test("H40: a description that is not the pinned one stops the start and says both digests", async () => {
  const file = await descriptionFile(described(paths));
  const { digest } = await readDescription(file);
  expect(digest).toMatch(/^sha256-/);
  await expect(readDescription(file, digest)).resolves.toMatchObject({ digest });
  // What is pinned was valid when it was pinned: it is not checked at every start.
  const odd = await descriptionFile({ openapi: "3.1.0", info: {}, paths });
  const why = await readDescription(odd).catch(({ message }: Error) => message);
  expect(why).toMatch(/no valid OpenAPI/);
  const pin = `sha256-${createHash("sha256").update(readFileSync(odd)).digest("base64")}`;
  await expect(readDescription(odd, pin)).resolves.toMatchObject({ digest: pin });
  const changed = await descriptionFile(described({ ...paths, "/extra": { get: operation() } }));
  await expect(readDescription(changed, digest)).rejects.toThrow(digest);
});
