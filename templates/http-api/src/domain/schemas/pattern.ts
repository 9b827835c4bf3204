import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { RE2JS } from "re2js";

/** A pattern on an engine that takes linear time, whatever the pattern. */
export interface Pattern {
  test(text: string): boolean;
  /** `false`: it matches all that was meant and more, because the engine does not know all of the language. */
  exact: boolean;
}

/** Copies of a repeated part that the engine makes; past that it refuses. */
const MAX_REPEAT = 1_000;
const ANY = "(?s:.)";
const SPACE =
  "\\t\\n\\x{B}\\f\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}";
const NOT_LINE_END = "[^\\n\\r\\x{2028}\\x{2029}]";

/** A regular expression of JavaScript, as JSON Schema's `pattern` has it. `undefined` for one that is none. */
export function compilePattern(source: string): Pattern | undefined {
  const pattern = parse(source);
  if (pattern === undefined) return undefined;
  // The engine refuses large counted repetitions: then once more with `*` in their place.
  for (const counts of [true, false]) {
    const written = write(pattern, counts);
    try {
      const compiled = RE2JS.compile(written.text);
      return { test: (text) => compiled.matcher(text).find(), exact: written.exact };
    } catch {
      // Try the next; in the end everything matches.
    }
  }
  return { test: () => true, exact: false };
}

function parse(source: string): AST.Pattern | undefined {
  // JSON Schema asks for the `u` flag, and many patterns are only valid without it: `[\w-.]`, `\_`.
  for (const unicode of [true, false])
    try {
      return new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source, 0, source.length, { unicode });
    } catch {
      // Try without the flag; in the end it is no pattern.
    }
  return undefined;
}

function write(pattern: AST.Pattern, counts: boolean): { text: string; exact: boolean } {
  let exact = true;
  const more = (text: string): string => {
    exact = false;
    return text;
  };

  const alternatives = (list: readonly AST.Alternative[]): string =>
    list.map(({ elements }) => elements.map(element).join("")).join("|");

  const element = (node: AST.Element): string => {
    switch (node.type) {
      case "Character":
        return isSurrogate(node.value) ? more(`${ANY}?`) : literal(node.value);
      case "CharacterSet":
        return set(node) ?? more(ANY);
      case "CharacterClass":
        return characterClass(node);
      case "Group":
        return node.modifiers == null ? `(?:${alternatives(node.alternatives)})` : more(`${ANY}*`);
      case "CapturingGroup":
        return `(?:${alternatives(node.alternatives)})`;
      case "Quantifier":
        return quantifier(node);
      case "Assertion":
        if (node.kind === "start") return "\\A";
        if (node.kind === "end") return "\\z";
        if (node.kind === "word") return node.negate ? "\\B" : "\\b";
        return more("");
      default:
        // A reference to what a group has matched; strings as members of a class.
        return more(`${ANY}*`);
    }
  };

  const quantifier = ({ min, max, element: repeated }: AST.Quantifier): string => {
    const inner = element(repeated);
    if (inner === "") return "";
    const whole = `(?:${inner})`;
    if (min === 0 && max === Number.POSITIVE_INFINITY) return `${whole}*`;
    if (min === 1 && max === Number.POSITIVE_INFINITY) return `${whole}+`;
    if (min === 0 && max === 1) return `${whole}?`;
    if (!counts) return more(`${whole}${min === 0 ? "*" : "+"}`);
    const least = Math.min(min, MAX_REPEAT);
    const most = max > MAX_REPEAT ? "" : String(max);
    const text = `${whole}{${least},${most}}`;
    return least < min || (max > MAX_REPEAT && max !== Number.POSITIVE_INFINITY) ? more(text) : text;
  };

  const characterClass = ({ elements, negate }: AST.CharacterClass): string => {
    if (elements.length === 0) return negate ? ANY : "[^\\x{0}-\\x{10FFFF}]";
    const parts: string[] = [];
    for (const member of elements) {
      const part = classMember(member);
      if (part === undefined) return more(`${ANY}?`);
      parts.push(part);
    }
    return `[${negate ? "^" : ""}${parts.join("")}]`;
  };

  return { text: alternatives(pattern.alternatives), exact };
}

/** A member of a class, without its brackets; `undefined` for one that the engine does not know. */
function classMember(member: AST.CharacterClassElement): string | undefined {
  if (member.type === "Character") return isSurrogate(member.value) ? undefined : literal(member.value);
  if (member.type === "CharacterClassRange")
    return member.min.value <= 0xdfff &&
      member.max.value >= 0xd800 &&
      (isSurrogate(member.min.value) || isSurrogate(member.max.value))
      ? undefined
      : `${literal(member.min.value)}-${literal(member.max.value)}`;
  if (member.type !== "CharacterSet") return undefined;
  if (member.kind === "space") return member.negate ? complement(SPACE) : SPACE;
  return set(member);
}

/** `\S` inside a class, where no class can stand inside another. */
const complement = (of: string): string | undefined =>
  of === SPACE
    ? "\\x{0}-\\x{8}\\x{E}-\\x{1F}!-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}"
    : undefined;

function set(node: AST.CharacterSet): string | undefined {
  if (node.kind === "any") return NOT_LINE_END;
  if (node.kind === "digit") return node.negate ? "\\D" : "\\d";
  if (node.kind === "word") return node.negate ? "\\W" : "\\w";
  if (node.kind === "space") return `[${node.negate ? "^" : ""}${SPACE}]`;
  if (node.kind !== "property") return undefined;
  const name = node.value ?? CATEGORIES[node.key] ?? node.key;
  const text = `\\${node.negate ? "P" : "p"}{${CATEGORIES[name] ?? name}}`;
  try {
    RE2JS.compile(text);
    return text;
  } catch {
    return undefined;
  }
}

/** Long names of the categories that patterns use, in the engine's words. */
const CATEGORIES: Record<string, string | undefined> = {
  Letter: "L",
  Lowercase_Letter: "Ll",
  Uppercase_Letter: "Lu",
  Number: "N",
  Decimal_Number: "Nd",
  Mark: "M",
  Punctuation: "P",
  Symbol: "S",
  Separator: "Z",
  Space_Separator: "Zs",
  Control: "Cc",
};

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
const literal = (code: number): string => `\\x{${code.toString(16)}}`;
