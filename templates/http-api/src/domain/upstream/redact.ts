import { isRawNumber } from "../raw-number.ts";

/** What stands where a secret stood. */
export const BLANK = "[secret]";

/** Shorter ones stay: blanking them would garble words and protect nothing. */
const MIN_SECRET = 4;
/** Spellings inside each other that are undone: a URL in a JSON text in an attribute of HTML. */
const MAX_LAYERS = 3;
/** Characters up to which every order of layers is tried, up to which every order of two, and after which one order. */
const SHORT = 16_384;
const LONG = 65_536;
/** Longer texts are looked through a part at a time; parts overlap by more than a secret can be long when spelled out. */
const PART = 131_072;
const OVERLAP = 16_384;

/**
 * Takes secrets out of a text, however they are spelled there: as JSON or JavaScript escapes, percent-encoded as far as
 * one likes, as HTML entities, in base64 or base64url at any offset, in hexadecimal, with invisible characters or
 * folded lines in between, and one of these inside another.
 */
export function blank(text: string, secrets: Iterable<string>): string {
  const sought = [...secrets].filter((secret) => secret.length >= MIN_SECRET).flatMap(needlesOf);
  if (sought.length === 0) return text;
  const found: Range[] = [];
  for (let at = 0; at === 0 || at + OVERLAP < text.length; at += PART - OVERLAP) {
    const part = text.length <= PART ? text : text.slice(at, at + PART);
    for (const [start, end] of rangesIn(part, sought)) found.push([start + at, end + at]);
  }
  return found.length === 0 ? text : without(text, found);
}

type Range = [start: number, end: number];

function without(text: string, found: Range[]): string {
  let clean = "";
  let at = 0;
  for (const [start, end] of found.sort(([a], [b]) => a - b)) {
    if (start >= at) clean += text.slice(at, start) + BLANK;
    at = Math.max(at, end);
  }
  return clean + text.slice(at);
}

function rangesIn(text: string, sought: readonly Needle[]): Range[] {
  const found: Range[] = [];
  for (const view of viewsOf(text)) for (const needle of sought) found.push(...occurrences(view, needle));
  return found;
}

/**
 * A text, and what it reads like with spellings undone, in any order up to a few layers. That is many times the text:
 * a long one has one order only, in which every layer still comes off once and again.
 */
function* viewsOf(text: string): Iterable<View> {
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

function* oneByOne(whole: View): Iterable<View> {
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

/** A text with some spelling undone, and where each part of it stood in the first text. */
interface View {
  text: string;
  range(start: number, end: number): Range;
}

/** A secret in a form that no reader below undoes. */
interface Needle {
  text: string;
  /** In base64: characters before and after that hold bits of it. */
  before: number;
  after: number;
}

const BASE64 = /[A-Za-z0-9+/_-]/;

function* occurrences(view: View, { text: needle, before, after }: Needle): Iterable<Range> {
  const { text } = view;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
    let start = at;
    let end = at + needle.length;
    for (let n = 0; n < before && start > 0 && BASE64.test(text[start - 1] as string); n += 1) start -= 1;
    for (let n = 0; n < after && end < text.length && BASE64.test(text[end] as string); n += 1) end += 1;
    while (after > 0 && text[end] === "=") end += 1;
    yield view.range(start, end);
  }
}

const forms = new Map<string, Needle[]>();

function needlesOf(secret: string): Needle[] {
  const known = forms.get(secret);
  if (known !== undefined) return known;
  // Secrets change now and then; none is remembered for ever.
  if (forms.size >= 64) forms.clear();
  const bytes = Buffer.from(secret);
  const made = new Map<string, Needle>([[secret, { text: secret, before: 0, after: 0 }]]);
  const add = (text: string, before: number, after: number): unknown => made.set(text, { text, before, after });
  // A secret that itself looks spelled out, such as `a%41`, loses that where a text is read in one order.
  for (const view of oneByOne({ text: secret, range: (start, end) => [start, end] }))
    if (view.text.length >= MIN_SECRET) add(view.text, 0, 0);
  add(bytes.toString("base64"), 0, 0);
  for (const offset of [0, 1, 2]) {
    // Whole groups of three bytes look the same whatever stands around them.
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64url");
    const first = offset === 0 ? 0 : offset + 1;
    const core = encoded.slice(first, Math.floor(((offset + bytes.length) * 8) / 6));
    if (core.length < 7) continue;
    add(core, offset === 0 ? 0 : 1, 1);
    add(core.replaceAll("-", "+").replaceAll("_", "/"), offset === 0 ? 0 : 1, 1);
  }
  if (bytes.length >= 8)
    for (const hex of [bytes.toString("hex")]) for (const form of [hex, hex.toUpperCase()]) add(form, 0, 0);
  const needles = [...made.values()];
  forms.set(secret, needles);
  return needles;
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

const json = reader(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["\\/'bfnrt]))/g, /\\/, ([, long, short, plain = ""]) =>
  long === undefined && short === undefined
    ? (ESCAPES[plain] ?? plain)
    : String.fromCharCode(Number.parseInt(long ?? short ?? "", 16)),
);

const percent = reader(/%[0-7][0-9a-fA-F]|(?:%[89a-fA-F][0-9a-fA-F])+/g, /%/, ([run]) => {
  const bytes = Buffer.from(run.replaceAll("%", ""), "hex");
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") ? bytes.toString("latin1") : text;
});

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
const joined = reader(/[\p{Cf}\p{Default_Ignorable_Code_Point}]+|\r?\n[ \t]*/gu, /[^\x20-\x7e]/, () => "");

const READERS: readonly Reader[] = [joined, json, percent, html, form];

/**
 * The same value with secrets taken out of every string and key in it. Lets other work run in between: an answer has
 * megabytes of strings.
 */
export async function blankValue(value: unknown, scrub: (text: string) => string): Promise<unknown> {
  const clean = new Map<string, string>();
  let since = performance.now();
  for (const text of new Set(textsIn(value))) {
    const blanked = scrub(text);
    if (blanked !== text) clean.set(text, blanked);
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
  return clean.size === 0 ? value : replaced(value, clean);
}

/** Time without a pause, in ms. */
const SLICE_MS = 20;

function* textsIn(value: unknown): Iterable<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "number") yield String(value);
  else if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  else if (isRawNumber(value)) yield value.rawJSON;
  else if (Array.isArray(value)) for (const item of value) yield* textsIn(item);
  else
    for (const [key, item] of Object.entries(value)) {
      yield key;
      yield* textsIn(item);
    }
}

function replaced(value: unknown, clean: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return clean.get(value) ?? value;
  if (typeof value === "number") return clean.get(String(value)) ?? value;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (isRawNumber(value)) return clean.get(value.rawJSON) ?? value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, clean));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean.get(key) ?? key, replaced(item, clean)]));
}
