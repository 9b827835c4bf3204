// The pages prompts, resources, settings and what-a-model-sees show what really goes over the wire.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { authenticate } from "./keys.ts";
import { someRecipes } from "./recipes.ts";
import { recipeServer } from "./server.ts";

const file = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const shown = (name: string) => JSON.parse(file(name));

test("a prompt is listed with its arguments, completed and filled in", async () => {
  const client = await connect(recipeServer(someRecipes()), { wire: "stdio-2025" });
  expect((await client.request("prompts/list")).prompts).toEqual([shown("prompt-listed.json")]);
  const input = { people: "4", diet: "vegan", favourite: "dal" };
  expect(plain(await client.prompt("plan_week", input))).toEqual(shown("prompt-got.json"));
  const of = { type: "ref/prompt" as const, name: "plan_week" };
  expect(await client.complete(of, { name: "favourite", value: "p" })).toEqual(["pho", "pizza"]);
  expect(await client.complete(of, { name: "diet", value: "v" })).toEqual(["vegetarian", "vegan"]);
  await expect(client.prompt("plan_week", { people: "four" })).rejects.toThrow(/people/);
  await client.close();
});

test("resources are read, listed through their template and completed", async () => {
  const client = await connect(recipeServer(someRecipes()), { wire: "http-2025" });
  expect((await client.resources()).map(({ uri }) => uri)).toEqual([
    "recipe://all",
    ...["borscht", "dal", "pho", "pizza"].map((id) => `recipe://by-id/${id}`),
  ]);
  expect((await client.templates()).map(({ uriTemplate }) => uriTemplate)).toEqual(["recipe://by-id/{id}"]);
  expect(await client.read("recipe://by-id/dal")).toEqual([shown("resource-read.json")]);
  await expect(client.read("recipe://by-id/none")).rejects.toMatchObject({ data: { uri: "recipe://by-id/none" } });
  expect(
    await client.complete({ type: "ref/resource", uri: "recipe://by-id/{id}" }, { name: "id", value: "b" }),
  ).toEqual(["borscht"]);
  await client.close();
});

test("a page, an error and a picture reach the model as the document shows", async () => {
  const client = await connect(recipeServer(someRecipes()), { wire: "stdio-2025" });
  const call = (name: string, input: object) => client.request("tools/call", { name, arguments: input });
  expect(await call("list_recipes", { limit: 2 })).toEqual(shown("page.json"));
  expect((await client.call("list_recipes", { limit: 2, cursor: "dal" })).data).toEqual({ recipes: ["pho", "pizza"] });
  expect(await call("picture_of_recipe", { id: "soup" })).toEqual(shown("error.json"));
  expect(await call("picture_of_recipe", { id: "dal" })).toEqual(shown("picture.json"));
  const wrong = await client.call("list_recipes", { limit: 1_000 });
  expect(wrong).toMatchObject({ isError: true, text: file("wrong-input.txt").trim() });
  await client.close();
});

test("scopes keep a caller from a tool, and a profile keeps everyone from it", async () => {
  const http = { authenticate: () => ({ id: "ada", scopes: ["recipes:read"] }) };
  const reader = await connect(recipeServer(someRecipes()), { wire: "http-2025", http });
  const body = JSON.stringify(shown("missing-scope.json"));
  await expect(reader.call("delete_recipe", { id: "dal" })).rejects.toMatchObject({
    code: 403,
    message: expect.stringContaining(body),
  });
  await reader.close();
  const modern = await connect(recipeServer(someRecipes()), { wire: "http-2026", http });
  const requiredScope = "recipes:read recipes:write";
  await expect(modern.call("delete_recipe", { id: "dal" })).rejects.toMatchObject({ requiredScope });
  await modern.close();
  const cautious = await connect(recipeServer(someRecipes()), { wire: "stdio-2026", profile: "read-only" });
  expect((await cautious.tools()).map(({ name }) => name)).toEqual(["list_recipes", "picture_of_recipe"]);
  await expect(cautious.call("delete_recipe", { id: "dal" })).rejects.toThrow(/Unknown tool/);
  await cautious.close();
});

test("a key is known by its hash", () => {
  const ada = { id: "ada", scopes: ["recipes:write"] };
  const known = authenticate(new Map([[createHash("sha256").update("k1").digest("hex"), ada]]));
  const request = (authorization?: string) => ({ headers: { authorization } }) as IncomingMessage;
  expect(known(request("Bearer k1"))).toBe(ada);
  for (const other of [undefined, "Bearer k2", "Basic k1", "Bearer"]) expect(known(request(other))).toBeUndefined();
});

test("--help says what the document shows", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL("main.ts", import.meta.url)),
    "--help",
  ]);
  await expect(stdout).toMatchFileSnapshot("help.txt");
});
