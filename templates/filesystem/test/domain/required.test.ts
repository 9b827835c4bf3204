import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { compileExpression, type LineMatcher } from "../../src/domain/search/expression.ts";
import { decodeText, matchLines } from "../../src/domain/search/lines.ts";
import { needlesOf } from "../../src/domain/search/needles.ts";
import { requiredTexts } from "../../src/domain/search/required.ts";

const numRuns = process.env.OFFSHOOT_LONG === "1" ? 100_000 : 1_500;

describe("texts, one of which each match contains:", () => {
  test.each([
    ["own 7 1\\d9$", "own 7 1"],
    ["f\\(x\\)", "f(x)"],
    ["one|the other", ["one", "the other"]],
    ["ab?cd", "cd"],
    ["ab*cde", "cde"],
    ["a+bc", "abc"],
    ["x{2}yz", "yz"],
    ["(one|other)same", "same"],
    ["[^a-z]kept[x]", "kept"],
    ["\\bword\\b", "word"],
    ["café aux", " aux"],
  ])("of %s is %s", (pattern, required) => {
    expect(requiredTexts(pattern)).toEqual([required].flat());
  });

  const unknown = [
    "one|",
    "one|.*",
    "(?i)one",
    "a(?i)one",
    "\\Qa.b\\E",
    "\\x41b",
    "[]a]b",
    "[^]a]b",
    "[[:alpha:]]b",
    "a{x",
    "\\d+",
  ];
  test.each(unknown)("of %s is not known", (pattern) => {
    expect(requiredTexts(pattern)).toBe(undefined);
  });

  // Few characters, so that patterns match often, and whatever could be taken for something else.
  const atoms = ["a", "b", "ab", "b a", ".", "^", "$", "\\d", "\\b", "\\.", "[ab]", "[^a]", "[]a]", "[^]a]", "é", "😀"];
  const atom = fc.constantFrom(...atoms);
  const opening = fc.constantFrom("(", "(?:", "(?i)", "(?i:", "(?P<n>", "[", "\\Q");
  const group = fc.tuple(opening, atom, fc.constantFrom("", "|", "|b"), fc.constantFrom(")", "]", "\\E", ""));
  const part = fc.oneof(
    { weight: 6, arbitrary: atom },
    { weight: 1, arbitrary: group.map((parts) => parts.join("")) },
    { weight: 1, arbitrary: fc.constantFrom("|", "{", "}", "]") },
  );
  const repetition = fc.constantFrom("", "", "", "*", "+", "?", "+?", "{2}", "{0}", "{0,1}", "{1,}", "{,2}", "{a}");
  const pattern = fc
    .array(fc.tuple(part, repetition), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.flat().join(""));
  const line = fc
    .array(fc.constantFrom("a", "b", "ab", " ", "1", ".", "]", "{", "A", "é", "😀"), { minLength: 1, maxLength: 10 })
    .map((parts) => parts.join(""));
  const file = fc
    .tuple(
      fc.array(line, { maxLength: 5 }),
      fc.constantFrom("\n", "\r\n"),
      fc.constantFrom("utf8", "latin1", "utf16le"),
    )
    .map(([lines, end, encoding]) => {
      const text = lines.join(end);
      return Buffer.from(encoding === "utf16le" ? `\ufeff${text}` : text, encoding as BufferEncoding);
    });

  test("makes no difference to what is found, whatever pattern and encoding", () => {
    const wanted = { context: 0, maxMatches: 3 };
    let [passed, found] = [0, 0];
    fc.assert(
      fc.property(pattern, fc.array(file, { maxLength: 6 }), (source, files) => {
        const [plain, matcher] = [plainMatcher(source), matcherOf(source)];
        if (plain === undefined || matcher?.required === undefined) return;
        const required = matcher.required.map(needlesOf);
        for (const bytes of files) {
          const expected = matchLines(decodeText(bytes) ?? "", plain, wanted);
          expect(matchLines(decodeText(bytes, { required }) ?? "", matcher, wanted)).toEqual(expected);
          if (expected.matches.length > 0) found++;
          else passed++;
        }
      }),
      { numRuns },
    );
    expect(Math.min(passed, found)).toBeGreaterThan(10);
  });
});

function matcherOf(pattern: string): LineMatcher | undefined {
  try {
    return compileExpression({ pattern, literal: false, caseSensitive: true });
  } catch {
    return undefined;
  }
}

/** Each line by itself, and nothing told beforehand. */
function plainMatcher(source: string): LineMatcher | undefined {
  if (matcherOf(source) === undefined) return undefined;
  const expression = RE2JS.compile(source);
  return {
    mayMatch: () => true,
    test: (text) => expression.test(text),
    indexIn(text) {
      const matcher = expression.matcher(text);
      return matcher.find() ? matcher.start() : 0;
    },
  };
}
