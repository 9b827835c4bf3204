import { NotesError } from "../errors.ts";
import { limits } from "../note.ts";

/**
 * The searchable form of a text. Stores keep these strings and match them token by token, so that every store finds the
 * same notes whatever its engine takes a word to be.
 */
export interface Words {
  title: string;
  body: string;
  tags: string;
  /** Runs of signs such as "++" or "%_", each sign a token of its own, runs parted by a token that no sign equals. */
  signs: string;
}

/** A query: all of its terms must occur, or any. */
export interface Terms {
  terms: Term[];
  any: boolean;
}

/** One blank-separated piece of a query. Its words stand side by side, and each of its runs of signs is in the text. */
export interface Term {
  words: string[];
  /**
   * Whether the last word may be the start of a longer one. A single letter is not: it would begin half of all words.
   */
  prefix: boolean;
  signs: string[][];
}

// Functions, because JavaScript reads a pattern where it stands, and reading classes like these takes a start longer than
// everything else in this folder.
const word = () => /[\p{L}\p{N}\p{M}]+/gu;
const signs = () => /[^\p{L}\p{N}\p{M}\p{Z}\p{Cc}\p{Cf}]+/gu;
const endsInSign = () => /[^\p{L}\p{N}\p{M}\p{Z}\p{Cc}\p{Cf}]$/u;
/** The token between two runs of signs. */
export const parting = "x";

/** Scripts written without blanks between words. */
const scripts =
  "Han Hiragana Katakana Thai Lao Khmer Myanmar Tibetan Javanese Balinese New_Tai_Lue Tai_Tham Tai_Viet Tai_Le Yi"
    .split(" ")
    .map((script) => `\\p{Script=${script}}`)
    .join("");

/**
 * In the index each of their characters is a word, and a longer word is a phrase of them. So a word is found wherever it
 * stands, as part of a compound too, and the index needs no dictionary that another Node has another version of.
 */
const blankless = () => new RegExp(`(?=\\p{L}|\\p{M}|\\p{N}|ー)[${scripts}ー]\\p{M}*`, "gu");
const onlyBlankless = () => new RegExp(`^[${scripts}ー\\p{M}]{2,}$`, "u");

/** Accents, joiners and the vowel signs that most texts leave out, but not the sound marks that tell か from が. */
const accents = () =>
  /(?![\u3099\u309a])\p{Script=Inherited}|(?=\p{M})[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}]/gu;

const plain = /^[\p{ASCII}]*$/u;

/** Takes away what a reader does not type: capitals, accents, width, the shape of quotation marks. */
function fold(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .replace(accents(), "")
    .toLowerCase() // "ẞ" has no other capital than itself
    .toUpperCase() // "ß" becomes "SS", and both sigmas become one
    .toLowerCase()
    .replaceAll("ς", "σ")
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .normalize("NFC");
}

const wordsOf = (folded: string): string[] => folded.replace(blankless(), " $& ").match(word()) ?? [];

/** Moved out of ASCII, where a full-text engine may hold a sign for a separator. Folding has freed those places. */
const signToken = (character: string): string =>
  character < "\u007f" ? String.fromCharCode(character.charCodeAt(0) + 0xfee0) : character;

const signRuns = (folded: string): string[][] => [...folded.matchAll(signs())].map(([run]) => [...run].map(signToken));

export function wordsIn(title: string, body: string, tags: string[]): Words {
  const foldedTitle = fold(title);
  const foldedBody = fold(body);
  const runs = [...signRuns(foldedTitle), ...signRuns(foldedBody)].map((run) => run.join(" "));
  return {
    title: wordsOf(foldedTitle).join(" "),
    body: wordsOf(foldedBody).join(" "),
    tags: wordsOf(fold(tags.join(" "))).join(" "),
    signs: [...new Set(runs)].join(` ${parting} `),
  };
}

/** Marks that end a sentence or wrap a word say nothing about the word: `(hello,` looks for hello. */
const wrapping = /^[.,;:!?"'()[\]{}]+|[.,;:!?"'()[\]{}]+$/gu;

/** Reads any text as words to find, never as a language. A text with nothing to find is a NotesError "invalid". */
export function termsOf(query: string): Term[] {
  if (!query.isWellFormed() || query.length > limits.queryCharacters) {
    throw new NotesError("invalid", `query: must be whole characters, at most ${limits.queryCharacters} of them.`);
  }
  const pieces = fold(query)
    .split(/[\p{Z}\p{Cc}\p{Cf}]+/u)
    .flatMap(wordsWithoutBlanks)
    .map(termOf)
    .filter((term) => term.words.length + term.signs.length > 0);
  const distinct = new Map(pieces.map((term) => [JSON.stringify(term), term]));
  const terms = withoutImplied([...distinct.values()]);
  if (terms.length === 0) {
    throw new NotesError("invalid", "query: nothing to look for. Send at least one letter, digit or sign.");
  }
  if (terms.length <= limits.queryTerms) return terms;
  throw new NotesError("quota", `query: at most ${limits.queryTerms} words. Leave out those that matter least.`);
}

/** Where "alphabet" must occur, a word that begins with "alpha" does. Each term costs a walk through the index. */
function withoutImplied(terms: Term[]): Term[] {
  const plainWord = ({ words, signs }: Term) => (words.length === 1 && signs.length === 0 ? words[0] : undefined);
  return terms.filter((term) => {
    const start = term.prefix ? plainWord(term) : undefined;
    return start === undefined || !terms.some((other) => other !== term && plainWord(other)?.startsWith(start));
  });
}

/** The words of a text whose script parts none, by a dictionary: they are looked for one by one, as others are. */
function wordsWithoutBlanks(piece: string): string[] {
  if (!onlyBlankless().test(piece)) return [piece];
  const segments = [...new Intl.Segmenter("und", { granularity: "word" }).segment(piece)];
  const words = segments.filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
  return words.length > 0 && words.length <= mostSegments ? words : [piece];
}

/** A longer piece is a sentence, looked for as it stands. */
const mostSegments = 6;

function termOf(typed: string): Term {
  const piece = typed.replace(/^#(?=[\p{L}\p{N}])/u, ""); // "#home" looks for the tag

  const words = wordsOf(piece);
  const kept = words.length > 0 ? piece.replace(wrapping, "") : piece;
  const prefix = (words.at(-1) ?? "").length > 1 && !endsInSign().test(kept);
  return { words, prefix, signs: signRuns(kept) };
}

const lead = 60;
const snippetLength = 240;
/** How far into a body a snippet looks for its word; a match beyond it shows the beginning. */
const snippetReach = 200_000;

/** A piece of the body around the first word that the query names, on one line. */
export function snippetOf(body: string, terms: Term[]): string {
  const wanted = terms.flatMap((term) => term.words.slice(0, 1));
  let at = 0;
  for (const match of body.slice(0, snippetReach).matchAll(word())) {
    const found = wordsOf(fold(match[0]));
    if (!found.some((token) => wanted.some((start) => token.startsWith(start)))) continue;
    at = match.index;
    break;
  }
  const from = at <= lead ? 0 : at - lead;
  const to = from + snippetLength;
  const piece = body
    .slice(from, to)
    .toWellFormed()
    .replace(/\uFFFD$|^\uFFFD/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return `${from > 0 ? "… " : ""}${piece}${to < body.length ? " …" : ""}`;
}
