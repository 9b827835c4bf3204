import { RE2JS } from "re2js";
import { requiredTexts } from "./required.ts";

/** Looks for a pattern in a line, or says beforehand that a whole text has no line to offer. */
export interface LineMatcher {
  /** Texts in ASCII, one of which each line that matches contains: that none is there is seen in the bytes of a file. */
  required?: string[] | undefined;
  mayMatch(text: string): boolean;
  test(line: string): boolean;
  /** Where the first match begins in a line that has one. */
  indexIn(line: string): number;
}

export interface Sought {
  pattern: string;
  literal: boolean;
  caseSensitive: boolean;
}

/** Why a pattern cannot be searched for, in words for its author. */
export class UnsupportedPattern extends Error {}

const longest = 1000;

/** What other engines know and this one does not, each with a way to write it. Asked in this order. */
const hints: [RegExp, string][] = [
  [
    /\\[1-9]|\\k[<{']|\(\?P=/,
    "back-references such as \\1 are not supported. Search for one part and compare what is found",
  ],
  [
    /\(\?<?[=!]/,
    "lookaround such as (?=…) is not supported. Match the text around it too: word[^(] instead of word(?!\\()",
  ],
  [
    /\(\?>|[*+?}]\+/,
    "atomic groups and possessive repetition are not needed here: every search takes linear time. Write (…) and +",
  ],
  [/\(\?[#(&R\d]/, "comments, conditions and recursion are not supported. Leave them out"],
  [/\\[ZG]/, "\\Z and \\G are not supported. Use $ for the end of a line"],
  [/\\[hHR]/, "\\h and \\R are not supported. Use [ \\t] for blanks; each line is searched by itself"],
  [/\\c/, "control characters are written \\x01"],
];

/** Throws UnsupportedPattern. May take long for a large repetition: run it where it can be stopped. */
export function compileExpression({ pattern, literal, caseSensitive }: Sought): LineMatcher {
  if (pattern === "") throw new UnsupportedPattern("it is empty");
  if (pattern.length > longest) throw new UnsupportedPattern(`it has more than ${longest} characters`);
  if (spansLines(pattern, literal))
    throw new UnsupportedPattern("each line is searched by itself. Search for one line of it");
  if (literal && caseSensitive) {
    const mayMatch = (text: string) => text.includes(pattern);
    const required = /^[\0-\x7f]*$/.test(pattern) ? [pattern] : undefined;
    return { required, mayMatch, test: mayMatch, indexIn: (line) => line.indexOf(pattern) };
  }
  const flags = caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE;
  const source = literal ? RE2JS.quote(pattern) : asRe2(pattern);
  const [line, whole] = [compile(source, flags), compile(source, flags | RE2JS.MULTILINE)];
  // Where ^ and $ mean a line, a text without a match has no line with one. That is many times faster than its lines.
  const meansLines = !/\\[Az]|\(\?\w*-/.test(pattern);
  const required = caseSensitive ? requiredTexts(source) : undefined;
  const hasRequired = (text: string) => required === undefined || required.some((one) => text.includes(one));
  return {
    required,
    mayMatch: (text) => hasRequired(text) && (!meansLines || whole.test(text)),
    test: (text) => hasRequired(text) && line.test(text),
    indexIn(text) {
      const matcher = line.matcher(text);
      return matcher.find() ? matcher.start() : 0;
    },
  };
}

/** JavaScript's \\u0041 and \\u{41}, in RE2's words. Other escapes that RE2 does not know stay, to be refused. */
const asRe2 = (pattern: string): string =>
  pattern.replace(/\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|.)/gis, (whole, long?: string, short?: string) =>
    (long ?? short) === undefined ? whole : `\\x{${long ?? short}}`,
  );

function compile(source: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(source, flags);
  } catch (error) {
    const hint = hints.find(([syntax]) => syntax.test(source))?.[1];
    const reason = error instanceof Error ? error.message.replace("error parsing regexp: ", "") : "";
    throw new UnsupportedPattern(hint ?? `it is no regular expression of the RE2 kind: ${reason}`);
  }
}

/** A line end outside a class: [^\n] is fine, a\nb would never be found. */
function spansLines(pattern: string, literal: boolean): boolean {
  if (pattern.includes("\n")) return true;
  return !literal && /^(?:[^\\]|\\[^n])*\\n/s.test(pattern.replace(/\[(?:\\.|[^\]\\])*\]/gs, "x"));
}
