/** A character, or a class of characters without exceptions: what means the same to every engine. */
const ONE =
  /[A-Za-z0-9 _:/@#,%&=~'"!<>;-]|\\[dw./+*?()[\]{}|^$\\]|\[(?:[A-Za-z0-9 _:/@#,%&=~'"!<>;.+*?(){}|$]|\\[dw./\\\]-]|-)+\]/;
/** So many times, or any number of times. */
const TIMES = /\{\d{1,2}\}|\{\d{1,2},\d{0,2}\}|[*+?]/;
const PLAIN = new RegExp(`^\\^(?:(?:${ONE.source})(?:${TIMES.source})?)*\\$?$`);
const OPEN = /\{\d+,\d*\}|[*+?]/g;

/**
 * A pattern that this engine finds in linear time: from the beginning of a text, character by character, with at most
 * one part whose length is open. `undefined` for any other.
 */
export function plainPattern(source: unknown): RegExp | undefined {
  if (typeof source !== "string" || source.length > 200 || !PLAIN.test(source)) return undefined;
  const outside = source.replace(/\\.|\[(?:\\.|[^\]\\])*\]/g, "x");
  if ((outside.match(OPEN) ?? []).length > 1) return undefined;
  try {
    return new RegExp(source, "u");
  } catch {
    return undefined;
  }
}
