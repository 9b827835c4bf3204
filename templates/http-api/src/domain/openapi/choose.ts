import { ApiError } from "../errors.ts";

/** What of an API becomes tools: what the map names, every operation, or three tools that reach all of them. */
export type Mode = "explicit" | "all" | "dynamic";

/** How many tools a model can be given before it pays more for the list than it gains. */
export interface Caps {
  /** Tools. @default 64 */
  tools: number;
  /** Estimated tokens of all names, descriptions, input and output schemas. @default 25_000 */
  tokens: number;
}

export const CAPS: Caps = { tools: 64, tokens: 25_000 };

/** What one operation costs a model as a tool, in tokens. */
export interface Cost {
  name: string;
  /** All but the output schema. */
  tokens: number;
  /** The output schema, which some clients show to the model as well. */
  output: number;
}

// English and JSON come to about four characters a token with the tokenizers in use; an estimate, and used as one.
const CHARACTERS_PER_TOKEN = 4;

export const tokensOf = (shown: unknown): number =>
  Math.ceil((typeof shown === "string" ? shown : JSON.stringify(shown)).length / CHARACTERS_PER_TOKEN);

/**
 * The tools whose output schemas have to go so that the rest fits into the caps, the dearest first. Usually none.
 *
 * @param bare tokens of an output schema that says nothing of the answer
 * @throws ApiError when it is too much without them: the message says what the dearest cost and what to do instead
 */
export function withoutOutputs(costs: readonly Cost[], bare: number, caps: Caps = CAPS): Set<string> {
  const least = sum(costs.map(({ tokens, output }) => tokens + Math.min(output, bare)));
  if (costs.length > caps.tools || least > caps.tokens) throw tooMany(costs, least, caps);
  let total = sum(costs.map(({ tokens, output }) => tokens + output));
  const gone = new Set<string>();
  for (const { name, output } of [...costs].sort((a, b) => b.output - a.output)) {
    if (total <= caps.tokens) break;
    gone.add(name);
    total -= Math.max(output - bare, 0);
  }
  return gone;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function tooMany(costs: readonly Cost[], least: number, caps: Caps): ApiError {
  // One line, as whatever stops a start is.
  const ranked = [...costs].sort((a, b) => b.tokens - a.tokens);
  const dearest = ranked.slice(0, 10).map(({ name, tokens }) => `${name} ${tokens}`);
  const rest = ranked.length > dearest.length ? `, and ${ranked.length - dearest.length} more` : "";
  return new ApiError(
    "too_many_tools",
    `All ${costs.length} operations as tools would cost a model about ${least} tokens on every turn, without what their answers look like; the caps are ${caps.tools} tools and ${caps.tokens} tokens (--max-tools, --max-tokens). Use --mode dynamic, fewer operations (--include, --exclude), or name the ones you need with --operations or --map. The dearest, in tokens: ${dearest.join(", ")}${rest}.`,
  );
}
