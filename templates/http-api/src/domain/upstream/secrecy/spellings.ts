import { isUtf8 } from "node:buffer";
import { allEscapes, backslashes, otherEscapes } from "./escapes.ts";
import { hex } from "./hex.ts";
import { putBytes, rewrite, type Spelling, type View } from "./rewrite.ts";

/** Layers of escapes that are undone: a URL in a JSON text in an attribute of HTML, each written with care. */
const MAX_LAYERS = 6;
/** Views of one text: up to so many characters, and of a longer one. */
const SHORT = 8_192;
const LONG = 65_536;
const MAX_VIEWS = { short: 160, long: 24 };

/**
 * A text, and what it reads like with spellings undone. Escapes of all kinds are undone at once, a layer at a time; and
 * then, at every layer, what can be read in two ways: backslashes before the rest or after it, and what is encoded as a
 * whole, in base64 or quoted-printable, and may be plain text.
 */
export function* viewsOf(text: string): Iterable<View> {
  let left = text.length <= SHORT ? MAX_VIEWS.short : MAX_VIEWS.long;
  const seen = new Set<string>();
  const roots: View[] = [wholeOf(text)];
  for (const root of roots) {
    const layers: View[] = [];
    for (const view of layersOf(root)) {
      if (seen.has(view.text)) break;
      if (left === 0) return;
      left -= 1;
      seen.add(view.text);
      layers.push(view);
      yield view;
    }
    for (const layer of layers)
      for (const spelling of twoWays(layer.text)) {
        const other = rewrite(layer, spelling);
        if (other !== undefined) roots.push(other);
      }
  }
}

/** How else a text may be meant. Who writes a long one escapes each character in one way: the order is no matter. */
function twoWays(text: string): Spelling[] {
  const isMixed = text.length <= LONG && text.includes("\\") && otherEscapes.find(text, 0) >= 0;
  return [...(isMixed ? [backslashes, otherEscapes] : []), base64, quotedPrintable];
}

/** A text as the view of itself. */
export const wholeOf = (text: string): View => ({ text, range: (start, end) => [start, end] });

/** A view, and what it reads like with one layer of escapes undone after the other. */
export function* layersOf(view: View): Iterable<View> {
  let at: View | undefined = view;
  for (let layer = 0; at !== undefined && layer <= MAX_LAYERS; layer += 1) {
    yield at;
    at = rewrite(at, allEscapes);
  }
}

const IN_BASE64 = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9+/_-]/.test(String.fromCharCode(code)) ? 1 : 0,
);
const isInBase64 = (text: string, at: number): boolean => IN_BASE64[text.charCodeAt(at)] === 1;
/** Shorter runs are words, and no secret. */
const MIN_RUN = 12;

/** A text in base64 that has a spelling of its own inside: the needles know a secret there only as it is. */
const base64: Spelling = {
  find(text, from) {
    // From the end of where a run would be: what is in none is passed over in steps.
    for (let at = from; at + MIN_RUN <= text.length; ) {
      let last = at + MIN_RUN - 1;
      while (last >= at && isInBase64(text, last)) last -= 1;
      if (last < at) return at;
      at = last + 1;
    }
    return -1;
  },
  read(text, at, output) {
    let end = at;
    while (isInBase64(text, end)) end += 1;
    for (let n = 0; n < 2 && text[end] === "="; n += 1) end += 1;
    const run = text.slice(at, end);
    const bytes = Buffer.from(run, "base64");
    // Put as it is, so that its rest is not taken for a run of its own.
    putBytes(isUtf8(bytes) ? bytes : Buffer.from(run), output);
    return at + run.length;
  },
};

const QUOTED = /=[0-7][0-9A-Fa-f]|(?:=[89A-Fa-f][0-9A-Fa-f])+|=\r?\n/g;

/** `=73=65`, and lines that end with `=` and go on. */
const quotedPrintable: Spelling = {
  find(text, from) {
    QUOTED.lastIndex = from;
    return QUOTED.exec(text)?.index ?? -1;
  },
  read(text, at, output) {
    const code = hex(text, at + 1, 2);
    if (code >= 0 && code < 0x80) {
      output.put(code);
      return at + 3;
    }
    const run = text.slice(at, QUOTED.lastIndex);
    putBytes(Buffer.from(run.replaceAll("=", "").trim(), "hex"), output);
    return at + run.length;
  },
};
