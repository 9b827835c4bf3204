// #region picture
import { defineTool, fail, image, withContent } from "@offshoot/core";
import { z } from "zod";
import type { Recipes } from "./recipes.ts";

export const pictureTool = (recipes: Recipes) =>
  defineTool({
    name: "picture_of_recipe",
    title: "Picture of a recipe",
    description: "A photograph of the finished dish.",
    inputSchema: z.object({ id: z.string().describe("Recipe id, as list_recipes gives it") }),
    outputSchema: z.object({
      id: z.string().describe("Recipe id"),
      bytes: z.int().describe("Size of the picture"),
    }),
    annotations: { readOnlyHint: true },
    handler: ({ id }) => {
      const picture =
        recipes.picture(id) ?? fail(`No picture of "${id}". list_recipes has the ids.`, { code: "not_found" });
      return withContent({ id, bytes: picture.byteLength }, image(picture, "image/png"));
    },
  });
// #endregion
