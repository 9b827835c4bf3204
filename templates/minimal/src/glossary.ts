// The domain: plain TypeScript that knows neither MCP nor core. Put your own in its place.
import { readFile } from "node:fs/promises";

/** What each term means, by the term. */
export type Terms = Record<string, string>;

const builtIn: Terms = {
  MCP: "Model Context Protocol: how an AI application asks a server for tools, resources and prompts.",
  tool: "Something that a model may do through a server, with an input and an output that have schemas.",
  fork: "A copy that goes its own way, and can still take what changes upstream.",
};

/** A source that answers with something else than terms. */
export class GlossaryError extends Error {}

/** Reads the terms from a JSON file or an address, or the built-in ones. @throws GlossaryError */
export async function readTerms(source: string | undefined, signal: AbortSignal): Promise<Terms> {
  if (source === undefined) return builtIn;
  const read: unknown = JSON.parse(
    /^https?:/.test(source) ? await download(source, signal) : await readFile(source, { encoding: "utf8", signal }),
  );
  const isTerms = typeof read === "object" && read !== null && Object.values(read).every((v) => typeof v === "string");
  if (!isTerms) throw new GlossaryError("The glossary is not a JSON object of texts.");
  return read as Terms;
}

async function download(address: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(address, { signal });
  if (!response.ok) throw new GlossaryError(`The glossary's address answers ${response.status}.`);
  return response.text();
}

/** A term as it is written in the glossary, whatever the case it was asked in. */
export const findTerm = (terms: Terms, wanted: string): string | undefined =>
  Object.keys(terms).find((term) => term.toLowerCase() === wanted.toLowerCase());
