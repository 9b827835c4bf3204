import { isUtf8 } from "node:buffer";
import { visit } from "jsonc-parser";

/** The largest file in a project that is read as JSON. The largest contract.lock.json of the templates has 69 kB. */
export const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** Deeper data would overflow the stack of what compares it. The deepest lock of the templates has 13 levels. */
const MAX_JSON_DEPTH = 200;

/**
 * A JSON object that every reader reads alike.
 *
 * @throws Error whose message says what is wrong, to be put after the file's name: "is not JSON: …"
 */
export function parseJsonObject(bytes: Buffer): Record<string, unknown> {
  if (bytes.length > MAX_JSON_BYTES) throw new Error(`is larger than ${MAX_JSON_BYTES / 1024 / 1024} MiB`);
  if (!isUtf8(bytes)) throw new Error("is not UTF-8");
  const text = bytes.toString("utf8");
  if (text.startsWith("\ufeff")) throw new Error("begins with a byte order mark, which JSON does not allow");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    // The message quotes the text, line ends included.
    throw new Error(`is not JSON: ${(error as Error).message.replaceAll(/\s+/g, " ")}`);
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw new Error("is not a JSON object");
  if (isDeeper(data, MAX_JSON_DEPTH)) throw new Error(`is nested more than ${MAX_JSON_DEPTH} levels deep`);
  const key = oddKey(text);
  if (key === "__proto__") throw new Error("has the key __proto__, which some programs treat specially");
  if (key !== undefined) throw new Error(`has the key ${JSON.stringify(key)} twice in one object`);
  return data as Record<string, unknown>;
}

/** Level by level: a function that calls itself would overflow the stack here already. */
function isDeeper(data: object, depth: number): boolean {
  let level: unknown[] = [data];
  for (let count = 0; level.length > 0; count++) {
    if (count > depth) return true;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return false;
}

/** JSON.parse takes the last of two values, other readers the first; `__proto__` is no key once it is assigned. */
function oddKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  let odd: string | undefined;
  visit(text, {
    onObjectBegin: () => void objects.push(new Set()),
    onObjectEnd: () => void objects.pop(),
    onObjectProperty: (key) => {
      const keys = objects.at(-1);
      if (keys?.has(key) || key === "__proto__") odd ??= key;
      keys?.add(key);
    },
  });
  return odd;
}
