import type { Term, Terms, Words } from "../../text/search.ts";

/*
 * Words are found as the memory store finds them: as pieces of the text of words, with `strpos`. An index narrows the notes
 * down first. It is made of the tokens as they are: `to_tsvector` would cut them once more, and phrases of a tsvector
 * (`<->`) find nothing behind position 16,383.
 */

/** Bytes of a token in the index. Postgres takes 2,046; a longer one is looked for by its beginning. */
const MAX_TOKEN_BYTES = 400;
/** Postgres takes 1,048,575 bytes in one tsvector, and refuses the write past it. */
const MAX_INDEX_BYTES = 900_000;
/** What Postgres keeps of positions: ranks count no more of them. */
const MAX_POSITION = 16_383;
const MAX_POSITIONS = 255;

/** Stands in the index for a note with more words than an index takes. No token has a blank. */
const everything = "every word";

/** Narrows the index down to the notes of one owner: an index of words takes no other column. */
const ownersToken = (owner: number): string => `owner ${owner}`;

/** The columns of a note in the table of words. */
export function wordsRow(owner: number, note: number, { title, body, signs, tags }: Words) {
  const found = indexOf(title, tags, body, signs);
  const pad = (text: string) => ` ${text} `;
  return {
    note,
    title: pad(title),
    body: pad(body),
    signs: pad(signs),
    tags: pad(tags),
    cut: found === undefined,
    found: `${found ?? quote(everything)} ${quote(ownersToken(owner))}`,
  };
}

/** The tsvector of a note, titles and tags with the weight A; undefined where it would be too large. */
function indexOf(title: string, tags: string, body: string, signs: string): string | undefined {
  const positions = new Map<string, string[]>();
  let position = 0;
  const add = (text: string, weight: "A" | "" | undefined) => {
    for (const token of text.split(" ")) {
      if (token === "") continue;
      const key = clip(token);
      const known = positions.get(key) ?? [];
      positions.set(key, known);
      position += 1;
      if (weight === undefined || position > MAX_POSITION || known.length >= MAX_POSITIONS) continue;
      known.push(`${position}${weight}`);
    }
  };
  add(title, "A");
  add(tags, "A");
  add(body, "");
  // Signs stand apart from words by their characters; the token that parts their runs is a letter.
  add(signs.replace(/(^| )\p{L}(?= |$)/gu, " "), undefined);
  const bytes = [...positions.keys()].reduce((sum, token) => sum + Buffer.byteLength(token), 0);
  const places = [...positions.values()].reduce((sum, { length }) => sum + 4 + 2 * length, 0);
  if (bytes > MAX_INDEX_BYTES) return undefined;
  const ranked = bytes + places <= MAX_INDEX_BYTES;
  return [...positions]
    .map(([token, at]) => (ranked && at.length > 0 ? `${quote(token)}:${at.join(",")}` : quote(token)))
    .join(" ");
}

const quote = (token: string): string => `'${token.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;

/** The beginning of a long token, by whole characters. */
function clip(token: string): string {
  if (token.length * 3 <= MAX_TOKEN_BYTES) return token;
  let bytes = 0;
  let end = 0;
  for (const character of token) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_TOKEN_BYTES) break;
    end += character.length;
  }
  return token.slice(0, end);
}

export interface SearchConditions {
  /** A tsquery that every hit matches. */
  narrowed: string;
  /** A tsquery that ranks the hits. */
  ranked: string;
  /** What decides, over the columns of `w`; its values are named from $`first` on. */
  condition: string;
  values: string[];
}

/** How the terms are looked for. Everything a user typed is a value or quoted: nothing is an operator. */
export function conditionsOf(owner: number, { terms, any }: Terms, first: number): SearchConditions {
  const values: string[] = [];
  const holds = (column: string, tokens: string[], prefix: boolean) => {
    values.push(` ${tokens.join(" ")}${prefix ? "" : " "}`);
    return `strpos(w.${column}, $${first + values.length - 1}) > 0`;
  };
  const decided = terms.map(({ words, prefix, signs }) => {
    const texts = words.length > 0 ? ["title", "tags", "body"] : [];
    const inText = texts.map((column) => holds(column, words, prefix)).join(" OR ");
    const inSigns = signs.map((run) => holds("signs", run, false));
    return `(${[...(inText === "" ? [] : [`(${inText})`]), ...inSigns].join(" AND ")})`;
  });
  const join = any ? " OR " : " AND ";
  const lexeme = (token: string, prefix: boolean) =>
    `${quote(clip(token))}${prefix || clip(token) !== token ? ":*" : ""}`;
  const lexemes = ({ words, prefix, signs }: Term) => [
    ...words.map((word, at) => lexeme(word, prefix && at === words.length - 1)),
    ...signs.flat().map((sign) => lexeme(sign, false)),
  ];
  const narrowed = terms.map((term) => `(${lexemes(term).join(" & ")})`).join(any ? " | " : " & ");
  const exact = terms.every(
    ({ words, signs }) => words.length === 1 && signs.length === 0 && clip(String(words)) === String(words),
  );
  const condition = decided.join(join);
  return {
    narrowed: `${quote(ownersToken(owner))} & ((${narrowed}) | ${quote(everything)})`,
    ranked: terms.flatMap(lexemes).join(" | "),
    // A single word needs no second look: the index knows it whole.
    condition: exact ? `(NOT w.cut OR (${condition}))` : `(${condition})`,
    values,
  };
}
