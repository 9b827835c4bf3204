import { MAX_JSON_BYTES, parseJsonObject } from "./parse-json.ts";
import { readPlainFile } from "./read-plain-file.ts";
import { Refusal } from "./terminal.ts";

/** The object in a project's JSON file. @throws Refusal with `next` for what is no JSON object, or too large */
export function readJson(file: string, next: string): Record<string, unknown> {
  return parseJson(readPlainFile(file, MAX_JSON_BYTES).bytes, file, next);
}

/** The same for bytes that come from elsewhere. */
export function parseJson(bytes: Buffer, name: string, next: string): Record<string, unknown> {
  try {
    return parseJsonObject(bytes);
  } catch (cause) {
    throw new Refusal(`${name} ${(cause as Error).message}.`, next, { cause });
  }
}
