/**
 * What nobody sees and a model reads all the same: controls, bidirectional and zero-width characters, tag characters,
 * fillers, line separators. Line feed and tab are plain layout.
 */
const HIDDEN = /(?!\n|\t|\r\n)[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;
const MAY_HIDE = /[^\n\t\x20-\x7e]/;

/** Joiners in emoji and in scripts whose letters join, and one selector after what it selects: they are seen. */
const SHAPES = new RegExp(
  [
    /(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d(?=\p{Extended_Pictographic})/u,
    /(?<=[\u0600-\u1fff])[\u200c\u200d](?=[\u0600-\u1fff])/u,
    /(?<=[\p{Emoji}\p{So}\p{Sm}])[\ufe0e\ufe0f](?!(?!\u200d)\p{Default_Ignorable_Code_Point})/u,
  ]
    .map(({ source }) => source)
    .join("|"),
  "uy",
);

/**
 * A text with every hidden character written out, as `⟨U+202E⟩`: nothing in it acts on a terminal, turns it round or
 * says what only a model can read. What shapes visible text, such as the joiner in an emoji, stays.
 */
export function visible(text: string): string {
  if (!MAY_HIDE.test(text)) return text;
  return text.replace(HIDDEN, (character, at: number) => {
    SHAPES.lastIndex = at;
    return SHAPES.test(text) ? character : nameOf(character);
  });
}

const nameOf = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** One line of visible text. */
export const plainLine = (text: string): string =>
  text
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu, "")
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
