import { endOfClass } from "./braces.ts";

type Sign = (codePoint: number) => boolean;
const star = Symbol("*");
type Token = Sign | typeof star;

/** Whether one name, the part of a path between two slashes, fits one segment of a glob. */
export type Segment = (name: string) => boolean;

export const anyName: Segment = () => true;

/** Undefined when a class such as [z-a] is no class. */
export function compileSegment(glob: string, ignoreCase = false): Segment | undefined {
  if (glob === "*") return (name) => name !== "";
  const fold = ignoreCase ? (text: string) => text.toLowerCase() : (text: string) => text;
  if (!/[*?[\\]/.test(glob)) {
    const wanted = fold(glob);
    return (name) => fold(name) === wanted;
  }
  if (/^\*[^*?[\\]+$/.test(glob)) {
    const ending = fold(glob.slice(1));
    return (name) => fold(name).endsWith(ending);
  }
  const tokens = tokensOf(fold(glob), ignoreCase);
  return tokens && ((name) => fits(tokens, fold(name)));
}

const codeAt = (text: string, at: number): number => text.codePointAt(at) ?? 0;
/** Some characters are two units long. */
const unitsOf = (code: number): number => (code > 0xffff ? 2 : 1);

/**
 * On a mismatch only the last star takes one more character: what stars before it took never needs to change. So it is
 * the length of the name times that of the glob at most, whatever they are.
 */
function fits(tokens: Token[], name: string): boolean {
  let at = 0;
  let token = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < name.length) {
    const now = tokens[token];
    const code = codeAt(name, at);
    if (now === star) {
      starToken = token++;
      starAt = at;
    } else if (now?.(code)) {
      at += unitsOf(code);
      token++;
    } else if (starToken >= 0) {
      starAt += unitsOf(codeAt(name, starAt));
      at = starAt;
      token = starToken + 1;
    } else return false;
  }
  while (tokens[token] === star) token++;
  return token === tokens.length;
}

function tokensOf(glob: string, ignoreCase: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < glob.length; at++) {
    const code = codeAt(glob, at);
    if (glob[at] === "*") {
      if (tokens.at(-1) !== star) tokens.push(star);
    } else if (glob[at] === "?") tokens.push(() => true);
    else if (glob[at] === "\\" && at + 1 < glob.length) {
      const escaped = codeAt(glob, at + 1);
      at += unitsOf(escaped);
      tokens.push((other) => other === escaped);
    } else {
      const end = glob[at] === "[" ? endOfClass(glob, at) : undefined;
      if (end === undefined) {
        at += unitsOf(code) - 1;
        tokens.push((other) => other === code);
      } else {
        const sign = classOf(glob.slice(at + 1, end), ignoreCase);
        if (sign === undefined) return undefined;
        tokens.push(sign);
        at = end;
      }
    }
  }
  return tokens;
}

const named: Record<string, string> = {
  alnum: "\\p{L}\\p{Nd}",
  alpha: "\\p{L}",
  digit: "\\p{Nd}",
  lower: "\\p{Ll}",
  punct: "\\p{P}",
  space: "\\s",
  upper: "\\p{Lu}",
  xdigit: "A-Fa-f0-9",
};

/** A class looks at one character, so that JavaScript's own expressions do for it in constant time. */
function classOf(inside: string, ignoreCase: boolean): Sign | undefined {
  const negated = /^[!^]/.test(inside);
  const body = inside
    .slice(negated ? 1 : 0)
    .replace(/\[:(\w+):\]|\\(.)|[\\\][^&~|]/gsu, (whole, name?: string, escaped?: string) =>
      name === undefined ? quote(escaped ?? whole) : (named[name] ?? "\\b\\B"),
    );
  try {
    const one = new RegExp(`^[${negated ? "^" : ""}${body}]$`, ignoreCase ? "sui" : "su");
    return (code) => one.test(String.fromCodePoint(code));
  } catch {
    return undefined;
  }
}

const quote = (character: string): string => `\\u{${codeAt(character, 0).toString(16)}}`;
