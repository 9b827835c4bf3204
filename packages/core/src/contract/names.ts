import { DefinitionError } from "./errors.ts";

const NAME = /^[a-z][a-z0-9_]{1,63}$/;
// Controls and format characters (zero-width, bidirectional, tag characters): a reader of the source does not see
// them, the model does. Line feed and tab are plain layout.
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u3164\uffa0]/u;

// Matches nearly every text, so that a start rarely compiles the expression above.
const PLAIN = /^[\n\t\x20-\x7e]*$/;

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

/** Refuses text for the model that is missing, empty or carries characters nobody can see. */
export function checkText(where: string, text: string): void {
  if (typeof text !== "string") throw new DefinitionError(`${where} is missing: it must be a text.`);
  if (text.trim() === "") throw new DefinitionError(`${where} is empty.`);
  if (PLAIN.test(text)) return;
  for (const character of text) {
    if (character !== "\n" && character !== "\t" && HIDDEN.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      throw new DefinitionError(`${where} contains the invisible or control character U+${code}. Remove it.`);
    }
  }
}
