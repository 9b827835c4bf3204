/**
 * A word of the client's, fit to be repeated to it and to a model: cut between whole characters, and what cannot be seen
 * is spelled out.
 */
export function echo(text: string, maxLength = 64): string {
  // A character has at most two units: no more need be looked at.
  const characters = [...text.slice(0, 2 * maxLength + 2)];
  const shown = characters.slice(0, maxLength).map((one) => (HIDDEN.test(one) ? spelledOut(one) : one));
  return shown.join("") + (characters.length > maxLength ? "…" : "");
}

/** An error's whole text, in which an SDK may have repeated a word of the client's. Lines stay lines. */
export const legible = (text: string): string =>
  text
    .split("\n")
    .map((line) => echo(line, 1_024))
    .join("\n");

/** Controls, marks of direction, what has no width, line separators, private use, halves of pairs; not the space. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

const spelledOut = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
