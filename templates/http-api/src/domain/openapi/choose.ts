import { createHash } from "node:crypto";
import { ApiError } from "../errors.ts";
import { flatInputs } from "./inputs.ts";
import type { OperationEntry, Operations } from "./operations.ts";
import { wordsOf } from "./texts.ts";

/** What of an API becomes tools: what the map names, every operation, or three tools that reach all of them. */
export type Mode = "explicit" | "all" | "dynamic";

/** How many tools a model can be given before it pays more for the list than it gains. */
export interface Caps {
  /** Tools. Default 64. */
  tools: number;
  /** Estimated tokens of all names, descriptions and input schemas. Default 25 000. */
  tokens: number;
}

export const CAPS: Caps = { tools: 64, tokens: 25_000 };

/** What one operation costs a model as a tool. */
export interface Cost {
  operation: string;
  name: string;
  tokens: number;
}

// English and JSON come to about four characters a token with the tokenizers in use; an estimate, and used as one.
const CHARACTERS_PER_TOKEN = 4;

export const tokensOf = (shown: unknown): number =>
  Math.ceil((typeof shown === "string" ? shown : JSON.stringify(shown)).length / CHARACTERS_PER_TOKEN);

/**
 * A tool's name for an operation: its id in snake_case, at most 64 characters. What is cut off is replaced by a hash of
 * the whole, so that the name is the same at every start.
 */
export function toolName(id: string): string {
  const snake = wordsOf(id).replaceAll(" ", "_");
  const named = /^[a-z]/.test(snake) ? snake : `op_${snake}`;
  if (named.length <= 64 && named.length >= 2) return named;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 8);
  return `${named.slice(0, 55).replace(/_+$/, "")}_${hash}`;
}

/**
 * Names for every operation.
 *
 * @throws ApiError when two come to one name, or when there are more than the caps allow: the message says what the
 * dearest cost and what to do instead
 */
export function chooseAll(
  operations: Operations,
  entries: readonly OperationEntry[],
  caps: Caps = CAPS,
): Map<string, OperationEntry> {
  const chosen = new Map<string, OperationEntry>();
  for (const entry of entries) {
    const name = toolName(entry.id);
    const other = chosen.get(name);
    if (other !== undefined)
      throw new ApiError(
        "name_taken",
        `The operations ${JSON.stringify(other.id)} and ${JSON.stringify(entry.id)} both come to the tool name ${name}. Name them yourself in a map (--mode explicit).`,
      );
    chosen.set(name, entry);
  }
  const cost = costs(operations, chosen);
  if (chosen.size > caps.tools || sum(cost) > caps.tokens) throw tooMany(cost, caps);
  return chosen;
}

/** What each tool costs, the dearest first. */
function costs(operations: Operations, chosen: ReadonlyMap<string, OperationEntry>): Cost[] {
  return [...chosen]
    .map(([name, entry]) => {
      const { schema } = flatInputs(operations.get(entry.id));
      return { operation: entry.id, name, tokens: tokensOf([name, entry.summary, entry.description, schema]) };
    })
    .sort((a, b) => b.tokens - a.tokens);
}

const sum = (cost: readonly Cost[]): number => cost.reduce((total, { tokens }) => total + tokens, 0);

function tooMany(cost: Cost[], caps: Caps): ApiError {
  // One line, as whatever stops a start is.
  const dearest = cost.slice(0, 10).map(({ name, tokens }) => `${name} ${tokens}`);
  const rest = cost.length > dearest.length ? `, and ${cost.length - dearest.length} more` : "";
  return new ApiError(
    "too_many_tools",
    `All ${cost.length} operations as tools would cost a model about ${sum(cost)} tokens on every turn; the caps are ${caps.tools} tools and ${caps.tokens} tokens (--max-tools, --max-tokens). Use --mode dynamic, or name the ones you need with --operations or --map. The dearest, in tokens: ${dearest.join(", ")}${rest}.`,
  );
}
