import { ApiError } from "../../errors.ts";

/** Deepest nesting of a description. Real ones stay below 100, and what walks through it is recursive. */
const MAX_DEPTH = 400;
/** Values that YAML's aliases may stand for, all in all: a few lines of them can stand for billions. */
const MAX_VALUES = 5_000_000;

/**
 * A description's text as plain data: JSON or YAML, with or without a byte order mark; aliases and merge keys written
 * out.
 *
 * @throws ApiError in one line
 */
export async function parseDescription(name: string, bytes: Uint8Array): Promise<Record<string, unknown>> {
  const wrong = (why: string, cause?: unknown) =>
    new ApiError("description_invalid", `${name} is ${why}`, ...(cause === undefined ? [] : [{ cause }]));
  // Not a copy of them: there may be many.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("utf8")
    .replace(/^\ufeff/, "");
  let isJson = /^\s*[{[]/.test(text);
  let value: unknown;
  try {
    value = isJson ? JSON.parse(text) : await parseYaml(text);
  } catch (cause) {
    // YAML's flow style begins like JSON; a trailing comma or a comment makes the difference.
    value = isJson ? await parseYaml(text).catch(() => undefined) : undefined;
    if (value === undefined) throw wrong(`neither JSON nor YAML: ${(cause as Error).message.split("\n")[0]}`, cause);
    isJson = false;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong("no OpenAPI description: it holds no object.");
  // Without aliases there is nothing to count, and a large description is read in a quarter of the time.
  const { depth, values } = isJson ? { depth: depthOf(value), values: 0 } : sizeOf(value);
  if (depth > MAX_DEPTH) throw wrong(`nested more than ${MAX_DEPTH} levels deep, which no description is.`);
  if (values > MAX_VALUES) throw wrong(`too much for this server: its YAML aliases stand for ${values} values.`);
  // Written out, so that what changes one place changes no other.
  return (isJson ? value : JSON.parse(JSON.stringify(value))) as Record<string, unknown>;
}

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import("./yaml.ts");
  // Aliases are counted below, where it shows what they stand for.
  return parse(text, { maxAliasCount: -1, merge: true, logLevel: "error" });
}

/** How deep plain JSON is nested; what is deeper than allowed is not followed to its end. */
function depthOf(value: unknown, above = 0): number {
  if (typeof value !== "object" || value === null || above > MAX_DEPTH) return above;
  let most = above + 1;
  for (const item of Array.isArray(value) ? value : Object.values(value))
    if (typeof item === "object" && item !== null) most = Math.max(most, depthOf(item, above + 1));
  return most;
}

interface Size {
  depth: number;
  values: number;
}

/** How large a value is when aliases are written out, without writing them out, and without recursion. */
function sizeOf(root: object): Size {
  const known = new Map<object, Size>();
  const open = new Set<object>();
  const stack: object[] = [root];
  const endless: Size = { depth: Number.POSITIVE_INFINITY, values: Number.POSITIVE_INFINITY };
  while (stack.length > 0) {
    const node = stack.at(-1) as object;
    const inner = Object.values(node).filter((value): value is object => typeof value === "object" && value !== null);
    const waiting = open.has(node) ? [] : inner.filter((value) => !known.has(value));
    open.add(node);
    if (waiting.length > 0) {
      // One that is open already holds itself.
      if (waiting.some((value) => open.has(value))) return endless;
      stack.push(...waiting);
      continue;
    }
    stack.pop();
    const sizes = inner.map((value) => known.get(value) ?? endless);
    known.set(node, {
      depth: 1 + sizes.reduce((most, { depth }) => Math.max(most, depth), 0),
      values: Object.keys(node).length + sizes.reduce((sum, { values }) => sum + values, 1),
    });
  }
  return known.get(root) as Size;
}
