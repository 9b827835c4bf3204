import { parseArgs } from "node:util";
import { z } from "zod";

/** A setting that stops the start: printed as one line, exit code 2. */
export class SettingsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SettingsError";
  }
}

/**
 * What was typed: values by flag, and words without one. A repeatable flag's values are joined by commas, as its twin
 * in the environment has them.
 *
 * @throws SettingsError for a flag that is unknown or bare, and for one that is given twice and not repeatable
 */
export function parseFlags(
  argv: readonly string[],
  flags: Map<string, string>,
  { isSwitch, isRepeatable }: Record<"isSwitch" | "isRepeatable", (key: string) => boolean>,
  name: string,
): { given: Record<string, string>; words: string[] } {
  const given: Record<string, string> = {};
  const words: string[] = [];
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      [...flags].map(([flag, key]) => [flag, { type: isSwitch(key) ? "boolean" : "string" } as const]),
    ),
  });
  for (const token of tokens ?? []) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const flag = token.name === "h" ? "help" : token.name;
    if (flag === "help" || flag === "version" || flag === "print-config") {
      given[flag] = "";
      continue;
    }
    const key = flags.get(flag);
    if (key === undefined)
      throw new SettingsError(
        `unknown flag ${token.rawName}.${nearest(
          token.rawName,
          [...flags.keys()].map((known) => `--${known}`),
        )} See ${name} --help.`,
      );
    if (token.value === undefined && !isSwitch(key))
      throw new SettingsError(`${token.rawName} needs a value. See ${name} --help.`);
    const before = given[flag];
    if (before !== undefined && !isRepeatable(key)) throw new SettingsError(`${token.rawName} is given twice.`);
    given[flag] = before === undefined ? (token.value ?? "true") : `${before},${token.value}`;
  }
  return { given, words };
}

/**
 * Whether a setting is on or off. Unwrapped by hand: turning each setting into JSON Schema would take longer than all
 * the rest of reading them.
 */
export function isBoolean(schema: unknown): boolean {
  const setting = given(schema);
  // z.stringbool() reads a text and gives a boolean.
  return setting instanceof z.ZodPipe ? isBoolean(setting.def.out) : setting instanceof z.ZodBoolean;
}

/** What a setting is once it is given. */
const given = (schema: unknown): unknown =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? given(schema.def.innerType) : schema;

export const isNumber = (schema: unknown): boolean => given(schema) instanceof z.ZodNumber;

/** Whether a setting may hold several values: one that makes something of its text, or takes a flag more than once. */
export const isList = (schema: z.ZodType | undefined): boolean =>
  isRepeatable(schema) || (!isBoolean(schema) && [z.ZodPipe, z.ZodArray].some((kind) => given(schema) instanceof kind));

/** Whether a flag may be given more than once: `.meta({ repeatable: true })` says so. */
export const isRepeatable = (schema: z.ZodType | undefined): boolean => schema?.meta()?.repeatable === true;

/** `logLevel` as a flag: `log-level`. */
export const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `logLevel` in the environment: `NOTES_LOG_LEVEL`. */
export const twin = (prefix: string, key: string): string =>
  `${prefix}_${kebab(key).replaceAll("-", "_").toUpperCase()}`;

/** " Did you mean --port?" when something known is close. */
export function nearest(word: string, known: readonly string[]): string {
  const ranked = known
    .map((candidate) => [distance(word.toLowerCase(), candidate.toLowerCase()), candidate] as const)
    .sort((a, b) => a[0] - b[0])[0];
  return ranked !== undefined && ranked[0] <= 3 ? ` Did you mean ${ranked[1]}?` : "";
}

/** Whether two names are the same but for one letter, or two of a long one: `--allow-hosts` and `--allowed-hosts`. */
export function alike(a: string, b: string): boolean {
  const most = Math.min(a.length, b.length) < 8 ? 1 : 2;
  if (Math.abs(a.length - b.length) > most) return false;
  // One edit takes one letter away and adds another. Most pairs end here: a start compares a thousand of them.
  let others = lettersOf(a) ^ lettersOf(b);
  for (let count = 0; others !== 0; others &= others - 1) if (++count > 2 * most) return false;
  return distance(a, b, most) <= most;
}

/** Which letters a name has, a bit each. */
function lettersOf(name: string): number {
  let bits = 0;
  for (let at = 0; at < name.length; at += 1) bits |= 1 << (name.charCodeAt(at) & 31);
  return bits;
}

/** Edits from one word to the other; above `most`, any number above it, sooner. */
function distance(a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(
        Math.min(
          (next[j - 1] as number) + 1,
          (row[j] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    }
    row = next;
    if (most < row.length && Math.min(...row) > most) return most + 1;
  }
  return row[b.length] as number;
}
