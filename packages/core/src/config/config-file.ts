import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { visible } from "../contract/names/quote.ts";
import { checkRepeatedKeys } from "../control/parse-json.ts";
import { nearest, SettingsError } from "../flags.ts";

/** Longest configuration file, in bytes: what is longer is another file. */
const MAX_BYTES = 1_000_000;

/** Characters of what JSON.parse says, which may hold some of the file. */
const MAX_REASON = 120;

/**
 * Reads settings from a JSON object, by their names in code: `{ "logLevel": "warn" }`. Lists may be arrays.
 *
 * @param isList whether a setting takes several values
 * @param positionals the setting that takes words without a flag, whose items may have any character
 * @throws SettingsError naming the file and what is wrong in it
 */
export function readConfigFile(
  file: string,
  keys: readonly string[],
  isList: (key: string) => boolean,
  positionals: string | undefined,
): Record<string, unknown> {
  const wrong = (why: string): SettingsError => new SettingsError(`--config ${file}: ${why}`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw wrong(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`);
  }
  if (bytes.length > MAX_BYTES) throw wrong("it is longer than a configuration.");
  if (!isUtf8(bytes)) throw wrong("it is not UTF-8.");
  let read: unknown;
  try {
    read = JSON.parse(bytes.toString("utf8"), asWritten as () => unknown);
  } catch (error) {
    if (error instanceof SettingsError) throw wrong(error.message);
    throw wrong(`it is not JSON (${visible((error as Error).message.replaceAll(/\s+/g, " "), MAX_REASON)}).`);
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) throw wrong("it is not a JSON object.");
  try {
    checkRepeatedKeys(bytes.toString("utf8"));
  } catch (error) {
    throw wrong((error as Error).message);
  }
  for (const [key, value] of Object.entries(read)) {
    if (key === "config") throw wrong('"config" names another file. One file holds all.');
    if (!keys.includes(key)) throw wrong(`unknown setting "${key}".${nearest(key, keys)}`);
    const plain = (item: unknown): boolean => ["string", "number", "boolean"].includes(typeof item);
    if (!(Array.isArray(value) ? value.every(plain) : plain(value)))
      throw wrong(`"${key}" is not a text, a number, true, false or a list of them.`);
    if (!Array.isArray(value)) continue;
    if (!isList(key)) throw wrong(`"${key}" is one value, and no list.`);
    if (key !== positionals && value.some((item) => String(item).includes(",")))
      throw wrong(`"${key}" has an item with a comma, which would be two. Write them as two.`);
  }
  return read as Record<string, unknown>;
}

/** Keeps a number that is as it was written: 1.10 is no version 1.1, and an id may have more digits than a number keeps. */
function asWritten(key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== "number" || String(value) === source) return value;
  throw new SettingsError(`"${key}" is ${source}, which would be read as ${value}. Write it as a text, in quotes.`);
}
