const PLAIN = /^[\w.:/{}+-]+$/;
/** What does not show, or turns the text around it. Line feed and tab are layout. */
const UNSEEN = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]/gu;

/**
 * What a client sent, short and safe to show in a message: as it is where it is a plain name, else in quotes, with what
 * does not show written out, and never cut within a character.
 */
export function quote(text: string, maxCharacters = 64): string {
  if (text.length <= maxCharacters && PLAIN.test(text)) return text;
  const cut = cutAt(text, maxCharacters);
  return escapeUnseen(`${JSON.stringify(cut).slice(0, -1)}${cut.length < text.length ? "…" : ""}"`);
}

/** A message that may hold what a client sent, as it is but for what does not show. */
export function visible(text: string, maxCharacters: number): string {
  const cut = cutAt(text, maxCharacters);
  return escapeUnseen(cut.length < text.length ? `${cut}…` : cut);
}

/** A character takes two units at most; half of one at the end is left out. */
const cutAt = (text: string, maxCharacters: number): string =>
  [...text.slice(0, maxCharacters * 2)].slice(0, maxCharacters).join("");

const escapeUnseen = (text: string): string =>
  text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
