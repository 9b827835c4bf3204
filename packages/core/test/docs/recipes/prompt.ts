// #region prompt
import { definePrompt } from "@offshoot/core";
import { z } from "zod";
import type { Recipes } from "./recipes.ts";

export const planPrompt = (recipes: Recipes) =>
  definePrompt({
    name: "plan_week",
    title: "Plan the week",
    description: "Plan dinners for a week from the recipes at hand.",
    arguments: z.object({
      people: z.string().regex(/^\d+$/).describe("How many people eat"),
      diet: z.enum(["any", "vegetarian", "vegan"]).default("any").describe("What must be left out"),
      favourite: z.string().optional().describe("Id of a recipe that must be in it"),
    }),
    complete: { favourite: (typed) => recipes.ids().filter((id) => id.startsWith(typed)) },
    handler: ({ people, diet, favourite }) =>
      `Plan seven dinners for ${people} people, diet: ${diet}.` +
      (favourite === undefined ? "" : ` One of them is ${favourite}.`) +
      " Call list_recipes first, and use each recipe once.",
  });
// #endregion
