// The whole server as data.
import { type CallContext, definePrompt, defineResource, defineServer, defineTool, fail } from "@offshoot/core";
import { dependency } from "@offshoot/core/resilience";
import { z } from "zod";
import manifest from "../package.json" with { type: "json" };
import { findTerm, GlossaryError, readTerms } from "./glossary.ts";
// offshoot:imports

export function glossaryServer(source?: string) {
  // Timeout, retries, breaker and cache around what may be slow or down.
  const glossary = dependency("glossary", { timeoutMs: 5_000, cache: { ttlMs: 60_000, staleMs: 3_600_000 } });
  const terms = async (call: CallContext) =>
    (await glossary.run(call, { key: "terms", shared: true }, ({ signal }) => readTerms(source, signal))).value;

  // #region tool
  const defineTerm = defineTool({
    name: "define_term",
    title: "Define a term",
    description: "Look up what a term of this glossary means. Case does not matter.",
    inputSchema: z.object({ term: z.string().min(1).max(100).describe("The term, such as MCP") }),
    outputSchema: z.object({
      term: z.string().describe("The term as the glossary writes it"),
      meaning: z.string().describe("What it means"),
    }),
    annotations: { readOnlyHint: true },
    handler: async ({ term }, call) => {
      const all = await terms(call);
      const found = findTerm(all, term) ?? fail(`No term "${term}". Read glossary://terms for all of them.`);
      return { term: found, meaning: all[found] as string };
    },
  });
  // #endregion

  const allTerms = defineResource({
    name: "terms",
    title: "All terms",
    description: "Every term of the glossary with its meaning, as JSON.",
    uri: "glossary://terms",
    mimeType: "application/json",
    read: async (_variables, call) => JSON.stringify(await terms(call), null, 2),
  });

  const explainTerm = definePrompt({
    name: "explain_term",
    title: "Explain a term",
    description: "Explain a term of the glossary to a newcomer.",
    arguments: z.object({ term: z.string().describe("The term to explain") }),
    handler: ({ term }) => `Look "${term}" up with define_term, then explain it in three sentences.`,
  });

  // #region server
  return defineServer({
    name: "minimal",
    version: manifest.version,
    instructions: "A glossary. Use define_term before you explain a word that may have a special meaning here.",
    tools: [
      defineTerm,
      // offshoot:tools
    ],
    resources: [
      allTerms,
      // offshoot:resources
    ],
    prompts: [
      explainTerm,
      // offshoot:prompts
    ],
    dependencies: [glossary],
    expected: (error) => (error instanceof GlossaryError ? error.message : undefined),
  });
  // #endregion
}
