import { oneByOne } from "./spellings.ts";

/** A secret in a form that no reader below undoes. */
export interface Needle {
  text: string;
  /** In base64: characters before and after that hold bits of it. */
  before: number;
  after: number;
}

/** Shorter ones stay: blanking them would garble words and protect nothing. */
export const MIN_SECRET = 4;

const forms = new Map<string, Needle[]>();

export function needlesOf(secret: string): Needle[] {
  const known = forms.get(secret);
  if (known !== undefined) return known;
  // Secrets change now and then: the forms of old ones are dropped.
  if (forms.size >= 64) forms.clear();
  const bytes = Buffer.from(secret);
  const made = new Map<string, Needle>([[secret, { text: secret, before: 0, after: 0 }]]);
  const add = (text: string, before: number, after: number): unknown => made.set(text, { text, before, after });
  // A secret that looks like an escape itself, such as `a%41`, is decoded with the text around it.
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
