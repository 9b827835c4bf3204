import { DefinitionError } from "../errors.ts";

const NAME = /^[a-z][a-z0-9_]{1,63}$/;

/**
 * What a reader of the source does not see and the model does: controls, format characters (zero-width, bidirectional,
 * tags), what fonts leave blank (fillers, the blank pattern of Braille, a note without a head), halves of characters, private
 * use, what is no character. Line feed and tab are plain layout, and U+FE0F
 * behind a symbol makes it an emoji.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2028\u2029\u2800\u{1d159}]/u;
const EMOJI = /\p{Emoji}\ufe0f/gu;

// Nearly every text; it spares the start the compiling of the expressions above.
const PLAIN = /^[\n\t\x20-\x7e]*$/;

/** Longest texts that a definition may hold, in characters: a model reads all of them before it does anything. */
const MAX_TEXT = {
  name: 128,
  title: 256,
  description: 16_384,
  /** Of a field, a choice, an example. */
  value: 4_096,
  instructions: 32_768,
} as const;

/** Refuses a definition without a name that is snake_case of 2 to 64 characters. */
export function checkName(kind: string, name: unknown): void {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new DefinitionError(
      `${kind} name ${JSON.stringify(name)} must match ${NAME.source} (snake_case, 2 to 64 characters).`,
    );
  }
}

/** Refuses a definition without the function that does its work. */
export function checkFunction(where: string, name: string, value: unknown): void {
  if (typeof value !== "function") throw new DefinitionError(`${where} has no ${name}: it must be a function.`);
}

/** Refuses a time in ms that is not above 0; without one, the server's holds. */
export function checkTimeout(where: string, timeoutMs: number | undefined): void {
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0))
    throw new DefinitionError(`${where}: timeoutMs must be above 0, got ${String(timeoutMs)}.`);
}

/** Refuses text for the model that is missing, empty, too long, or carries characters nobody can see. */
export function checkText(where: string, text: string, kind: keyof typeof MAX_TEXT = "description"): void {
  if (typeof text !== "string") throw new DefinitionError(`${where} is missing: it must be a text.`);
  if (text.trim() === "") throw new DefinitionError(`${where} is empty.`);
  checkCharacters(where, text, kind);
}

/** The same for text that may be empty: a choice, a default. */
function checkCharacters(where: string, text: string, kind: keyof typeof MAX_TEXT = "value"): void {
  if (text.length > MAX_TEXT[kind])
    throw new DefinitionError(
      `${where} has ${text.length} characters, more than the ${MAX_TEXT[kind]} that a model should have to read.`,
    );
  if (PLAIN.test(text)) return;
  for (const character of text.replace(EMOJI, "")) {
    if (character !== "\n" && character !== "\t" && HIDDEN.test(character))
      throw new DefinitionError(
        `${where} contains ${nameOf(character)}. Remove it: a reader does not see it, the model does.`,
      );
  }
}

/** Every text in a part of a definition, its keys too. @throws DefinitionError naming where it stands */
export function checkTexts(where: string, part: unknown): void {
  // One for all parts, and where a text stands is worked out for one that is refused.
  const path: string[] = [];
  const at = (): string => path.map((name) => name.slice(0, MAX_TEXT.name)).join(".");
  const check = (part: unknown): void => {
    if (typeof part === "string") {
      const keyword = path.at(-1);
      const kind = keyword === "description" || keyword === "title" ? keyword : "value";
      if (!isPlain(part, kind)) checkCharacters(`${where}: the text at "${at()}"`, part, kind);
    } else if (typeof part === "object" && part !== null) {
      for (const name of Object.keys(part)) {
        path.push(name);
        if (!Array.isArray(part) && !isPlain(name, "name"))
          checkCharacters(`${where}: the name ${JSON.stringify(at())}`, name, "name");
        check((part as Record<string, unknown>)[name]);
        path.pop();
      }
    }
  };
  check(part);
}

const isPlain = (text: string, kind: keyof typeof MAX_TEXT): boolean =>
  text.length <= MAX_TEXT[kind] && PLAIN.test(text);

/** `the bidirectional control U+202E`. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const what = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(character)
    ? "bidirectional control"
    : code >= 0xe0000 && code <= 0xe0fff
      ? "tag or variation character"
      : /\p{Cc}/u.test(character)
        ? "control character"
        : /\p{Cs}/u.test(character)
          ? "half of a character"
          : "invisible character";
  return `the ${what} U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
