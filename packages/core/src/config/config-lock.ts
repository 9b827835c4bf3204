import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parseJson } from "../control/parse-json.ts";
import { kebab, SettingsError } from "../flags.ts";
import { type ConfigFacts, digestOf, sharedValues } from "./config-facts.ts";

/** `config.lock.json`, as `offshoot promote` writes it. */
interface ConfigLock {
  digest: string;
  values: Record<string, unknown>;
}

/**
 * Holds a configuration to the one that was promoted.
 *
 * @throws SettingsError naming the first setting that differs, with both values
 */
export function checkConfigLock(file: string, facts: ConfigFacts): void {
  const lock = readLock(file);
  if (lock.digest === facts.digest) return;
  const here = sharedValues(facts);
  for (const key of new Set([...Object.keys(lock.values), ...Object.keys(here)])) {
    if (isDeepStrictEqual(here[key], lock.values[key])) continue;
    const from = facts.values[key]?.from;
    throw new SettingsError(
      `--${kebab(key)} is ${textOf(here[key])} here${from === undefined ? "" : ` (${from})`} and ${textOf(lock.values[key])} in ${file}. Start with what is locked, or promote the change: npx create-offshoot promote <from> <to>.`,
    );
  }
}

function readLock(file: string): ConfigLock {
  const wrong = (why: string): SettingsError =>
    new SettingsError(`--config-lock ${file}: ${why} Write it again: npx create-offshoot promote <from> <to>.`);
  let read: unknown;
  try {
    read = parseJson(readFileSync(file, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw wrong(code === undefined ? message : `it cannot be read (${code}).`);
  }
  const { digest, values } = (read ?? {}) as Partial<ConfigLock>;
  if (typeof digest !== "string" || typeof values !== "object" || values === null)
    throw wrong("it has no digest and values.");
  // A value that was changed by hand, in the one file that says what was checked.
  if (digestOf(values) !== digest) throw wrong("its values are not those of its digest: someone has changed it.");
  return { digest, values };
}

const textOf = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));
