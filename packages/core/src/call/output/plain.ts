import { ToolError } from "../../contract/errors.ts";

/** How deep a result may nest, in levels. Readers that recurse give up soon after: serde_json at 128. */
const MAX_DEPTH = 100;

/** A `\ud800` of JSON text whose backslash is not itself escaped. */
const HALVES = /(\\\\)|\\ud[89a-f][0-9a-f]{2}/g;

/**
 * JSON text without halves of characters: `JSON.stringify` writes them as `\ud800`, and strict readers refuse the whole
 * message for it. They become U+FFFD, as in any other text that is cut wrongly.
 */
export const wellFormedJson = (json: string): string =>
  json.includes("\\ud")
    ? json.replace(HALVES, (_match, backslashes: string | undefined) => backslashes ?? "\ufffd")
    : json;

/**
 * Whatever a handler made, as the data that JSON has of it: read once, inside the boundary. Getters, `toJSON`, proxies
 * and cycles play no part after that.
 *
 * @throws TypeError or RangeError for what JSON does not have, whatever a getter throws, ToolError for too many levels
 */
export function plain<Value>(value: Value): Value {
  return parsePlain(stringify(value)) as Value;
}

/** The JSON text of a value. @throws TypeError also for what JSON leaves out: undefined, a function, a symbol */
export function stringify(value: unknown): string {
  const json = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`${typeof value} is not JSON`);
  return wellFormedJson(json);
}

/** @throws ToolError when it nests deeper than clients can read */
export function parsePlain(json: string): unknown {
  const value: unknown = JSON.parse(json);
  checkDepth(value, 1);
  return LONG_NUMBER.test(json) ? JSON.parse(json, asWritten as Parameters<typeof JSON.parse>[1]) : value;
}

/** A number with more digits than JavaScript keeps: `JSON.rawJSON` of a handler that passes it on exactly. */
const LONG_NUMBER = /[[:,]-?\d[\d.]{15}/;
const { rawJSON } = JSON as unknown as { rawJSON: (source: string) => unknown };
const asWritten = (_key: string, value: unknown, { source }: { source?: string }): unknown =>
  typeof value === "number" && source !== undefined && String(value) !== source ? rawJSON(source) : value;

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > MAX_DEPTH)
    throw new ToolError(
      `The result nests deeper than ${MAX_DEPTH} levels, which clients cannot read. Ask for a part of it.`,
      {
        code: "result_too_deep",
      },
    );
  for (const item of Array.isArray(value) ? value : Object.values(value)) checkDepth(item, depth + 1);
}
