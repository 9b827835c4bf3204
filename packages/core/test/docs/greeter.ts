// The server of the README: docs show regions of this file, docs.test.ts runs it.
// #region server
import { defineServer, defineTool, fail } from "@offshoot/core";
import { z } from "zod";

const greetings: Record<string, string> = { en: "Hello", de: "Hallo", ja: "こんにちは" };

const greet = defineTool({
  name: "greet",
  title: "Greet someone",
  description: "Greet a person by name. Languages: en, de, ja.",
  inputSchema: z.object({
    name: z.string().describe("Whom to greet"),
    language: z.string().default("en").describe("Language code, such as en"),
  }),
  outputSchema: z.object({ greeting: z.string().describe("The greeting") }),
  annotations: { readOnlyHint: true },
  handler: ({ name, language }) => ({
    greeting: `${greetings[language] ?? fail(`No greeting in "${language}". Use one of: ${Object.keys(greetings)}.`)}, ${name}!`,
  }),
});

export const greeter = defineServer({ name: "greeter", version: "1.0.0", tools: [greet] });
// #endregion
