// #region server
import { defineServer } from "@offshoot/core";
import { deleteTool } from "./delete.ts";
import { listTool } from "./list.ts";
import { pictureTool } from "./picture.ts";
import { planPrompt } from "./prompt.ts";
import type { Recipes } from "./recipes.ts";
import { recipeResources } from "./resources.ts";

export const recipeServer = (recipes: Recipes) =>
  defineServer({
    name: "recipes",
    version: "1.0.0",
    tools: [listTool(recipes), pictureTool(recipes), deleteTool(recipes)],
    resources: recipeResources(recipes),
    prompts: [planPrompt(recipes)],
  });
// #endregion
