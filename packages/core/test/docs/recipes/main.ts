// #region main
import { readFileSync } from "node:fs";
import { loadConfig, serve } from "@offshoot/core/serve";
import { z } from "zod";
import { authenticate } from "./keys.ts";
import { someRecipes } from "./recipes.ts";
import { recipeServer } from "./server.ts";

const Config = z.object({
  keys: z.string().optional().describe("JSON file of API keys: SHA-256 of a key → { id, scopes }"),
  units: z.enum(["metric", "imperial"]).default("metric").describe("Units in recipes"),
});

const config = loadConfig(Config, {
  name: "recipes",
  version: "1.0.0",
  description: "recipes for a week",
  envPrefix: "RECIPES",
  examples: [["recipes --profile read-only", "nothing can be deleted"]],
});
const { keys } = config;
await serve(recipeServer(someRecipes()), {
  config,
  ...(keys !== undefined && {
    authenticate: authenticate(new Map(Object.entries(JSON.parse(readFileSync(keys, "utf8"))))),
  }),
});
// #endregion
