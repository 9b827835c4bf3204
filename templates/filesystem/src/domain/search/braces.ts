const mostAlternatives = 256;

/**
 * Writes out `{a,b}`, `{1..9}` and `{a..e}`, nested ones too: "x{a,b}" is ["xa", "xb"]. A brace without a comma or a
 * range stands for itself. Undefined when there would be more than 256 alternatives.
 */
export function expandBraces(pattern: string): string[] | undefined {
  const done: string[] = [];
  // Depth first from a stack, so that the cap holds while a bomb of braces unfolds.
  const open = [pattern];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const group = firstGroup(next);
    if (group === undefined) done.push(next);
    else {
      const { from, to, options } = group;
      const [head, tail] = [next.slice(0, from), next.slice(to)];
      for (const option of options.toReversed()) open.push(head + option + tail);
    }
    if (done.length + open.length > mostAlternatives) return undefined;
  }
  return [...new Set(done)];
}

interface Group {
  from: number;
  to: number;
  options: string[];
}

/** The first brace that has a partner and says something. One pass: every open brace is kept until it is closed. */
function firstGroup(pattern: string): Group | undefined {
  const opened: { from: number; commas: number[] }[] = [];
  let first: Group | undefined;
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at];
    if (sign === "\\") at++;
    else if (sign === "[") at = endOfClass(pattern, at) ?? at;
    else if (sign === "{") opened.push({ from: at, commas: [] });
    else if (sign === ",") opened.at(-1)?.commas.push(at);
    else if (sign === "}") {
      const start = opened.pop();
      if (start === undefined) continue;
      const options = optionsOf(pattern, start.from, start.commas, at);
      if (options !== undefined && (first === undefined || start.from < first.from)) {
        first = { from: start.from, to: at + 1, options };
      }
      if (first !== undefined && opened.length === 0) return first;
    }
  }
  return first;
}

function optionsOf(pattern: string, from: number, commas: number[], to: number): string[] | undefined {
  if (commas.length > 0) return [from, ...commas].map((at, index) => pattern.slice(at + 1, commas[index] ?? to));
  const inside = pattern.slice(from + 1, to);
  const numbers = /^(-?\d{1,6})\.\.(-?\d{1,6})$/.exec(inside);
  if (numbers) return range(Number(numbers[1]), Number(numbers[2])).map(String);
  const letters = /^([a-zA-Z])\.\.([a-zA-Z])$/.exec(inside);
  const [low, high] = [letters?.[1]?.charCodeAt(0), letters?.[2]?.charCodeAt(0)];
  if (low === undefined || high === undefined) return undefined;
  return range(low, high).map((code) => String.fromCharCode(code).replace(/\W/, "\\$&"));
}

/** One more than are allowed is enough to be refused. */
function range(low: number, high: number): number[] {
  const length = Math.min(Math.abs(high - low), mostAlternatives) + 1;
  return Array.from({ length }, (_, index) => low + Math.sign(high - low) * index);
}

/** Where the class that opens at `from` closes: a "]" that comes first, or first after "!", is one of its signs. */
export function endOfClass(pattern: string, from: number): number | undefined {
  let at = from + 1;
  if (pattern[at] === "!" || pattern[at] === "^") at++;
  for (let first = true; at < pattern.length; at++, first = false) {
    const sign = pattern[at];
    if (sign === "/") return undefined;
    if (sign === "\\") at++;
    else if (sign === "[" && pattern[at + 1] === ":") at = Math.max(at, pattern.indexOf(":]", at) + 1);
    else if (sign === "]" && !first) return at;
  }
  return undefined;
}
