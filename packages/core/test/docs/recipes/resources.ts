// #region resources
import { defineResource, fail } from "@offshoot/core";
import type { Recipes } from "./recipes.ts";

export const recipeResources = (recipes: Recipes) => [
  defineResource({
    name: "all_recipes",
    title: "All recipes",
    description: "Ids of all recipes, a line each.",
    uri: "recipe://all",
    read: () => recipes.ids().join("\n"),
  }),
  defineResource({
    name: "recipe",
    title: "A recipe",
    description: "One recipe in Markdown.",
    uri: "recipe://by-id/{id}",
    mimeType: "text/markdown",
    read: ({ id }) =>
      recipes.text(id) ?? fail(`No recipe "${id}". Read recipe://all for the ids.`, { code: "not_found" }),
    list: ({ cursor, limit }) => {
      const ids = recipes.ids().filter((id) => cursor === undefined || id > cursor);
      const page = ids.slice(0, limit);
      return {
        resources: page.map((id) => ({ uri: `recipe://by-id/${id}`, name: id })),
        ...(ids.length > limit && { nextCursor: page.at(-1) as string }),
      };
    },
    complete: { id: (typed) => recipes.ids().filter((id) => id.startsWith(typed)) },
  }),
];
// #endregion
