// What docs/policy.md says of its example, tried.
import { copyFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { someRecipes } from "../recipes/recipes.ts";
import { recipeServer } from "../recipes/server.ts";

// A file of this user's own, as the server wants one.
const policy = join(mkdtempSync(join(tmpdir(), "policy-")), "policy.json");
copyFileSync(fileURLToPath(new URL("policy.json", import.meta.url)), policy);

const as = (id: string, scopes: string[], onElicit?: () => Record<string, unknown>) =>
  connect(recipeServer(someRecipes()), {
    wire: "http-2026",
    policy,
    onElicit,
    http: { authenticate: () => ({ id, scopes }) },
  });

test("the example lets cooks delete when a person agrees, and others read", async () => {
  const scopes = ["recipes:write", "recipes:cook"];
  const ada = await as("ada", scopes, () => ({ action: "accept", content: { allow: true } }));
  expect((await ada.tools()).map(({ name }) => name)).toContain("delete_recipe");
  expect((await ada.call("delete_recipe", { id: "dal" })).isError).toBe(false);
  await ada.close();
  const eve = await as("eve", scopes);
  expect((await eve.tools()).map(({ name }) => name)).toEqual(["list_recipes", "picture_of_recipe"]);
  await expect(eve.call("delete_recipe", { id: "dal" })).rejects.toThrow(/Unknown tool/);
  expect((await eve.call("list_recipes", {})).isError).toBe(false);
  await eve.close();
});
