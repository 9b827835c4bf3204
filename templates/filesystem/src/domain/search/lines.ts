import { detectEncoding, type Encoding, unknown8bit, utf8 } from "../encoding.ts";
import type { LineMatcher } from "./expression.ts";
import { areIn, type Needles } from "./needles.ts";

export interface LineMatch {
  /** From 1. */
  line: number;
  /** Where the first match of the line begins, from 1, in UTF-16 units. */
  column: number;
  /** The line without its end; of a long one the part around the match, with "…" where it was cut. */
  text: string;
  before?: string[];
  after?: string[];
}

export interface LinesWanted {
  /** Lines before and after each match. */
  context: number;
  /** Matching lines that are told. */
  maxMatches: number;
  /** What files are in that are not UTF-8. */
  encoding?: string | undefined;
}

/**
 * Undefined for binary content. Text that is not UTF-8 is read as Latin-1, which any bytes are, where nothing is named.
 * Empty where it has none of what is `required`: most files of most searches are never decoded.
 */
export function decodeText(
  bytes: Buffer,
  { otherwise, required }: { otherwise?: Encoding | undefined; required?: readonly Needles[] | undefined } = {},
): string | undefined {
  const encoding = detectEncoding(bytes, { otherwise });
  const isAsciiInBytes = encoding === utf8 || encoding === unknown8bit;
  if (required !== undefined && isAsciiInBytes && !required.some((needles) => areIn(needles, bytes))) return "";
  const text = encoding?.decode(bytes);
  return text?.startsWith("\ufeff") ? text.slice(1) : text;
}

/** The lines that match, each by itself, whatever its line end. */
export function matchLines(raw: string, matcher: LineMatcher, { context, maxMatches }: LinesWanted) {
  const matches: LineMatch[] = [];
  const text = raw.includes("\r") ? raw.replaceAll("\r\n", "\n") : raw;
  // Of a single line it would only say the same as test() below.
  if (text.includes("\n") && !matcher.mayMatch(text)) return { matches, more: false };
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const [index, line] of lines.entries()) {
    if (!matcher.test(line)) continue;
    if (matches.length === maxMatches) return { matches, more: true };
    const column = matcher.indexIn(line);
    matches.push({
      line: index + 1,
      column: column + 1,
      text: cut(line, column),
      ...(context > 0 && {
        before: lines.slice(Math.max(0, index - context), index).map((other) => cut(other, 0)),
        after: lines.slice(index + 1, index + 1 + context).map((other) => cut(other, 0)),
      }),
    });
  }
  return { matches, more: false };
}

const longestLine = 400;
const lead = 100;

function cut(line: string, column: number): string {
  if (line.length <= longestLine) return line;
  const from = Math.max(0, Math.min(column - lead, line.length - longestLine));
  const to = from + longestLine;
  // A cut may fall between the halves of a character.
  const piece = line.slice(from, to).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "");
  return `${from > 0 ? "…" : ""}${piece}${to < line.length ? "…" : ""}`;
}
