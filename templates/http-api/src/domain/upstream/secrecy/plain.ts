const UNSEEN = /^(?![\t\n\r])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;
const ASCII = /^[\x20-\x7e]$/;

/** Characters that are remembered: a text has few, unless it was made to have many. */
const MAX_KNOWN = 16_384;
const known = new Map<number, number | undefined>();

/**
 * What a character is to a reader of ASCII: nothing (`undefined`) for one that is not seen, the letter for a form of it
 * (fullwidth, mathematical, circled: NFKC), otherwise itself.
 */
export function plainOf(code: number): number | undefined {
  const found = known.get(code);
  if (found !== undefined || known.has(code)) return found;
  const character = String.fromCodePoint(code);
  const folded = character.normalize("NFKC");
  const plain = UNSEEN.test(character) ? undefined : ASCII.test(folded) ? folded.charCodeAt(0) : code;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(code, plain);
  return plain;
}
