// #region scopes
import { defineTool, fail } from "@offshoot/core";
import { z } from "zod";
import type { Recipes } from "./recipes.ts";

export const deleteTool = (recipes: Recipes) =>
  defineTool({
    name: "delete_recipe",
    title: "Delete a recipe",
    description: "Delete a recipe for good.",
    inputSchema: z.object({ id: z.string().describe("Recipe id") }),
    outputSchema: z.object({ deleted: z.string().describe("Recipe id") }),
    scopes: ["recipes:write"],
    handler: ({ id }) =>
      recipes.delete(id)
        ? { deleted: id }
        : fail(`No recipe "${id}". list_recipes has the ids.`, { code: "not_found" }),
  });
// #endregion
