import { MIN_SECRET, type Needle, needlesOf } from "./needles.ts";
import { type Range, type View, viewsOf } from "./spellings.ts";

/** What stands where a secret stood. */
const BLANK = "[secret]";

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
