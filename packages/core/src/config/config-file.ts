import { readFileSync } from "node:fs";
import { nearest, SettingsError } from "../flags.ts";

/** Longest configuration file, in bytes: what is longer is another file. */
const MAX_BYTES = 1_000_000;

/**
 * Reads settings from a JSON object, by their names in code: `{ "logLevel": "warn" }`. Lists may be arrays.
 *
 * @throws SettingsError naming the file and what is wrong in it
 */
export function readConfigFile(file: string, keys: readonly string[]): Record<string, unknown> {
  const wrong = (why: string): SettingsError => new SettingsError(`--config ${file}: ${why}`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw wrong(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`);
  }
  if (text.length > MAX_BYTES) throw wrong("it is longer than a configuration.");
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw wrong(`it is not JSON (${(error as Error).message}).`);
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) throw wrong("it is not a JSON object.");
  for (const [key, value] of Object.entries(read)) {
    if (key === "config") throw wrong('"config" names another file. One file holds all.');
    if (!keys.includes(key)) throw wrong(`unknown setting "${key}".${nearest(key, keys)}`);
    const plain = (item: unknown): boolean => ["string", "number", "boolean"].includes(typeof item);
    if (!(Array.isArray(value) ? value.every(plain) : plain(value)))
      throw wrong(`"${key}" is not a text, a number, true, false or a list of them.`);
  }
  return read as Record<string, unknown>;
}
