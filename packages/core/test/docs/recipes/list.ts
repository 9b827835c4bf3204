// #region paging
import { defineTool } from "@offshoot/core";
import { z } from "zod";
import type { Recipes } from "./recipes.ts";

export const listTool = (recipes: Recipes) =>
  defineTool({
    name: "list_recipes",
    title: "List recipes",
    description: "Ids of recipes in order, a page at a time. Pass next_cursor on as cursor for the next page.",
    inputSchema: z.object({
      cursor: z.string().optional().describe("next_cursor of the page before"),
      limit: z.int().min(1).max(100).default(20).describe("Most recipes on a page"),
    }),
    outputSchema: z.object({
      recipes: z.array(z.string()).describe("Ids"),
      next_cursor: z.string().optional().describe("Absent on the last page"),
    }),
    annotations: { readOnlyHint: true },
    handler: ({ cursor, limit }) => {
      const rest = recipes.ids().filter((id) => cursor === undefined || id > cursor);
      const page = rest.slice(0, limit);
      return { recipes: page, next_cursor: rest.length > limit ? page.at(-1) : undefined };
    },
  });
// #endregion
