import type { Model } from "../evals/model.ts";

/**
 * A stand-in for a model that decides by words alone, always in the same way: it calls the tool whose description shares
 * most words with the task, gives it the quoted parts of the task as its required arguments, and says what was answered.
 */
export const wordModel: Model = {
  name: "words",
  next: async ({ task, tools, turns }) => {
    const [turn] = turns;
    if (turn !== undefined) return { says: turn.answer.text };
    const asked = wordsOf(task.replaceAll(/"[^"]*"/g, ""));
    const shared = (tool: Record<string, unknown>): number =>
      [...wordsOf(String(tool.description))].filter((word) => asked.has(word)).length;
    const [best] = [...tools].sort((a, b) => shared(b) - shared(a));
    if (best === undefined || shared(best) === 0) return { says: "None of the tools fits." };
    const { required = [] } = best.inputSchema as { required?: string[] };
    const quoted = [...task.matchAll(/"([^"]*)"/g)].map(([, text]) => text);
    const input = Object.fromEntries(required.map((name, at) => [name, quoted[at]]));
    return { calls: [{ tool: best.name as string, input }] };
  },
};

/** Words by their beginnings (`lends` is `lend`), without the short ones that are in every sentence. */
const wordsOf = (text: string): Set<string> =>
  new Set([...text.toLowerCase().matchAll(/[a-z]{4,}/g)].map(([word]) => word.replace(/(?:ing|ed|s)$/, "")));
