import { visible } from "../contract/names/quote.ts";

/** Characters of what JSON.parse says, which may hold some of the text. */
const MAX_REASON = 120;

/** A file's JSON, read as everyone reads it. @throws Error in one line */
export function parseJson(text: string): unknown {
  let value: unknown;
  // A copy of such an object loses the key without a word.
  let lost = false;
  const look = (key: string, item: unknown): unknown => {
    lost ||= key === "__proto__";
    return item;
  };
  try {
    value = JSON.parse(text, look);
  } catch (error) {
    throw new Error(`it is not JSON (${visible((error as Error).message.replaceAll(/\s+/g, " "), MAX_REASON)}).`);
  }
  if (lost) throw new Error('it has the key "__proto__", and nothing can have that name. Take it out.');
  checkRepeatedKeys(text);
  return value;
}

const TOKENS = /"(?:[^"\\]+|\\.)*"|[{}[\]:]/gs;

/**
 * Refuses JSON in which a key stands twice. `JSON.parse` takes the last one and says nothing: of two lists of revoked
 * callers, the first would not count.
 *
 * @param text is JSON
 * @throws Error in one line that names the key
 */
export function checkRepeatedKeys(text: string): void {
  const open: Set<string>[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open.at(-1) as Set<string>;
      const key = JSON.parse(last) as string;
      if (keys.has(key)) throw new Error(`it has ${JSON.stringify(key)} twice in one object. Make them one.`);
      keys.add(key);
    }
    last = token;
  }
}
