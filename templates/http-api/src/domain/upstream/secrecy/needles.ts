import { layersOf, wholeOf } from "./spellings.ts";

/** In base64: characters before and after what is sought that hold bits of it. */
export interface Around {
  before: number;
  after: number;
}

/** What is sought in a view, all at once. */
export interface Needles {
  /** Global. Any secret, in a form that no view undoes. */
  pattern: RegExp;
  /** Of those forms that are a part of more. */
  around: ReadonlyMap<string, Around>;
}

/** Shorter ones stay: blanking them would garble words and protect nothing. */
const MIN_SECRET = 4;

const made = new Map<string, Needles | undefined>();

/** What to seek for some secrets; `undefined` for none. */
export function needlesOf(secrets: readonly string[]): Needles | undefined {
  if (secrets.length === 0) return undefined;
  const key = secrets.join("\0");
  if (made.has(key)) return made.get(key);
  // Secrets change now and then: what was made of old ones is dropped.
  if (made.size >= 64) made.clear();
  const needles = makeNeedles(secrets.filter((secret) => secret.length >= MIN_SECRET));
  made.set(key, needles);
  return needles;
}

function makeNeedles(secrets: readonly string[]): Needles | undefined {
  const forms = new Set<string>();
  const around = new Map<string, Around>();
  for (const secret of secrets) {
    const bytes = Buffer.from(secret);
    // A secret that looks like an escape itself, such as `a%41`, is decoded with the text around it.
    for (const { text } of layersOf(wholeOf(secret))) if (text.length >= MIN_SECRET) forms.add(text);
    forms.add(bytes.toString("base64"));
    if (bytes.length >= 8) forms.add(bytes.toString("hex")).add(bytes.toString("hex").toUpperCase());
    for (const offset of [0, 1, 2]) {
      // Whole groups of three bytes look the same whatever stands around them.
      const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64url");
      const core = encoded.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + bytes.length) * 8) / 6));
      if (core.length < 7) continue;
      for (const form of [core, core.replaceAll("-", "+").replaceAll("_", "/")]) {
        forms.add(form);
        around.set(form, { before: offset === 0 ? 0 : 1, after: 1 });
      }
    }
  }
  if (forms.size === 0) return undefined;
  // The longest first: of two that begin in one place it is the one that is meant.
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return { pattern: new RegExp(sorted.map(literally).join("|"), "g"), around };
}

/** A form writes a blank as a plus sign. */
const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replaceAll(" ", "[ +]");
