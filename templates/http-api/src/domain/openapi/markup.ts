/** Elements that descriptions use for looks. Anything else between angle brackets is a placeholder: `<owner>/<repo>`. */
const ALONE = new Set("br hr p li img tr td th dt dd".split(" "));
const PAIRED = new Set(
  "a abbr b blockquote center code dd del details div dl dt em figure font h1 h2 h3 h4 h5 h6 i iframe ins kbd mark ol pre q s samp script section small span strike strong style sub summary sup table tbody tfoot thead tt u ul var".split(
    " ",
  ),
);

/** A text without HTML and without the targets of Markdown's links; what stands in backticks stays as it is. */
export function withoutMarkup(text: string): string {
  const lower = text.toLowerCase();
  return text
    .split(/(`[^`\n]*`)/)
    .map((part, n) => (n % 2 === 1 ? part : plain(part, lower)))
    .join("");
}

const plain = (part: string, whole: string): string =>
  part
    .replace(/<!--[\s\S]*?-->/g, " ")
    .replace(/<(\/?)([a-z][a-z0-9]*)([^<>]*)>/gi, (tag, end: string, name: string, rest: string) =>
      isElement(end, name.toLowerCase(), rest, whole) ? " " : tag,
    )
    .replace(/\[([^\][]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\)/g, "$1");

function isElement(end: string, name: string, rest: string, whole: string): boolean {
  // `a<b and c>d` compares: an attribute has a value.
  if (!/^\s*\/?$/.test(rest) && !(/^\s/.test(rest) && rest.includes("="))) return false;
  if (ALONE.has(name)) return true;
  // One that nothing ends, or begins, is no element but a name.
  return PAIRED.has(name) && (end === "/" ? new RegExp(`<${name}[\\s>]`).test(whole) : whole.includes(`</${name}>`));
}
