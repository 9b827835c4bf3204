import { isUtf8 } from "node:buffer";

/** Spellings inside each other that are undone: a URL in a JSON text in an attribute of HTML. */
const MAX_LAYERS = 3;
/** Characters up to which every order of layers is tried, up to which every order of two, and after which one order. */
const SHORT = 8_192;
const LONG = 65_536;

/** Where a part of a view stood in the first text. */
export type Range = [start: number, end: number];

/** A text with some spelling undone, and where each part of it stood in the first text. */
export interface View {
  text: string;
  range(start: number, end: number): Range;
}

/**
 * A text, and what it reads like with spellings undone, in any order up to a few layers. That is many times the text:
 * a long one has one order only, in which every layer still comes off once and again.
 */
export function* viewsOf(text: string): Iterable<View> {
  const whole: View = { text, range: (start, end) => [start, end] };
  if (text.length > LONG) return yield* oneByOne(whole);
  const seen = new Set<string>();
  let layer = [whole];
  for (let depth = 0; layer.length > 0; depth += 1) {
    const next: View[] = [];
    for (const view of layer) {
      if (seen.has(view.text)) continue;
      seen.add(view.text);
      yield view;
      if (depth < (text.length > SHORT ? 2 : MAX_LAYERS))
        for (const read of READERS) next.push(...[read(view) ?? []].flat());
    }
    layer = next;
  }
}

export function* oneByOne(whole: View): Iterable<View> {
  let view = whole;
  yield view;
  for (let layer = 0; layer < MAX_LAYERS; layer += 1)
    for (const read of READERS) {
      const next = read(view);
      if (next === undefined) continue;
      view = next;
      yield view;
    }
}

type Reader = (view: View) => View | undefined;

/** A view with every match replaced by what it stands for; none where nothing changes. */
function reader(pattern: RegExp, trigger: RegExp, read: (match: RegExpExecArray) => string | undefined): Reader {
  return (view) => {
    if (!trigger.test(view.text)) return undefined;
    // For each token: where it begins and ends in the new text, and in the old one.
    const tokens: [from: number, to: number, start: number, end: number][] = [];
    let text = "";
    let last = 0;
    for (const match of view.text.matchAll(pattern)) {
      const meant = read(match);
      if (meant === undefined) continue;
      const start = match.index;
      text += view.text.slice(last, start);
      last = start + match[0].length;
      tokens.push([text.length, text.length + meant.length, start, last]);
      text += meant;
    }
    if (tokens.length === 0) return undefined;
    text += view.text.slice(last);
    const tokenAt = (index: number) => {
      let [low, high] = [0, tokens.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((tokens[middle]?.[0] ?? 0) <= index) low = middle + 1;
        else high = middle;
      }
      return tokens[low - 1];
    };
    const origin = (index: number): Range => {
      const [, to, start, end] = tokenAt(index) ?? [0, 0, 0, 0];
      return index < to ? [start, end] : [end + index - to, end + index - to + 1];
    };
    return { text, range: (start, end) => view.range(origin(start)[0], origin(end - 1)[1]) };
  };
}

const ESCAPES: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const ofCode = (code: number): string | undefined => (code <= 0x10_ffff ? String.fromCodePoint(code) : undefined);

const json = reader(
  /\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(["\\/'bfnrt]))/g,
  /\\/,
  ([, unit, braced, long, short, plain]) =>
    plain === undefined
      ? ofCode(Number.parseInt(unit ?? braced ?? long ?? short ?? "", 16))
      : (ESCAPES[plain] ?? plain),
);

// However often the percent sign was itself encoded; and as JavaScript's `escape` writes it.
const percent = reader(
  /%(?:25)*u[0-9a-fA-F]{4}|%(?:25)*[0-7][0-9a-fA-F]|(?:%(?:25)*[89a-fA-F][0-9a-fA-F])+/g,
  /%/,
  ([run]) => {
    const digits = run.replaceAll(/%(25)*(?=[0-9a-fA-Fu])/g, "");
    if (digits.startsWith("u")) return ofCode(Number.parseInt(digits.slice(1), 16));
    const bytes = Buffer.from(digits, "hex");
    return isUtf8(bytes) ? bytes.toString("utf8") : bytes.toString("latin1");
  },
);

/** A form writes a blank as a plus sign. */
const form = reader(/\+/g, /\+/, () => " ");

/** The named entities of ASCII: the only ones that a secret, which travels in a header or a URL, needs. */
const ENTITIES: Record<string, string | undefined> = Object.fromEntries(
  [
    'Tab\t NewLine\n excl! quot" QUOT" num# dollar$ percnt% amp& AMP& apos\' lpar( rpar) ast* midast* plus+ comma, period.',
    "sol/ colon: semi; lt< LT< equals= gt> GT> quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ UnderBar_",
    "grave` DiacriticalGrave` lcub{ lbrace{ verbar| vert| VerticalLine| rcub} rbrace} dash- hyphen-",
  ]
    .join(" ")
    .split(" ")
    .map((entry) => [entry.slice(0, -1), entry.slice(-1)]),
);

// Browsers do without the semicolon; but not where what follows is itself spelled out, and may be one.
const html = reader(
  /&(?:#0*(\d{1,7})|#[xX]0*([0-9a-fA-F]{1,6})|([A-Za-z]{2,16}))(?:;|(?![\w\\%&]))/g,
  /&/,
  ([, decimal, hex, name]) =>
    name === undefined
      ? ofCode(decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal))
      : ENTITIES[name],
);

/** What a reader does not see between the characters, and lines that are folded. */
const joined = reader(
  /(?:(?![\n\t\r])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}])+|\r?\n[ \t]*/gu,
  /[^\x20-\x7e]/,
  () => "",
);

/** A text in base64 that has a spelling of its own inside: the needles know a secret there only as it is. */
const base64 = reader(/[A-Za-z0-9+/_-]{12,}={0,2}/g, /[A-Za-z0-9+/_-]{12}/, ([run]) => {
  const bytes = Buffer.from(run, "base64");
  return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
});

const READERS: readonly Reader[] = [joined, json, percent, html, form, base64];
