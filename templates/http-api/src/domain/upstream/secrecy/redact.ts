import { isUtf8 } from "node:buffer";
import { type Needles, needlesOf } from "./needles.ts";
import { MAX_REWRITTEN, type Range, type View } from "./rewrite.ts";
import { viewsOf } from "./spellings.ts";

/** What stands where a secret stood. */
const BLANK = "[secret]";

/** Longer texts are looked through a part at a time; parts overlap by more than a secret can be long when spelled out. */
const PART = MAX_REWRITTEN;
const OVERLAP = 16_384;

/**
 * Takes secrets out of a text, however they are spelled there: as JSON, JavaScript or octal escapes, percent-encoded as
 * far as one likes, as HTML entities, in base64 or base64url at any offset, in hexadecimal, in quoted-printable, in
 * fullwidth or other forms of letters, with invisible characters or folded lines in between, and one of these inside
 * another.
 */
export function blank(text: string, secrets: readonly string[]): string {
  if (isClean(text, needlesOf(secrets))) return text;
  const work = blanking(text, secrets);
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

/** The same, a part of a long text at a time: other work can run after each. */
export function* blanking(text: string, secrets: readonly string[]): Generator<undefined, string> {
  const sought = needlesOf(secrets);
  if (sought === undefined || isClean(text, sought)) return text;
  const found: Range[] = [];
  for (let at = 0; at === 0 || at + OVERLAP < text.length; at += PART - OVERLAP) {
    const part = text.length <= PART ? text : text.slice(at, at + PART);
    for (const [start, end] of rangesIn(part, sought)) found.push([start + at, end + at]);
    yield;
  }
  return found.length === 0 ? text : without(text, found);
}

/** What every escape begins with. A text without one, and without base64 that is text, reads like itself alone: see `viewsOf`. */
const ESCAPED = /[\\%]|&(?:#|[A-Za-z]{2})|=[0-9A-Fa-f]|[^\x20-\x7e]/;
const RUNS = /[A-Za-z0-9+/_-]{12,}/g;

/** Whether there is surely nothing to take out, at a glance. `false` says nothing. */
function isClean(text: string, sought: Needles | undefined): boolean {
  if (sought === undefined) return true;
  if (text.length > PART || ESCAPED.test(text)) return false;
  RUNS.lastIndex = 0;
  for (let run = RUNS.exec(text); run !== null; run = RUNS.exec(text))
    if (isUtf8(Buffer.from(run[0], "base64"))) return false;
  sought.pattern.lastIndex = 0;
  return !sought.pattern.test(text);
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

function rangesIn(text: string, sought: Needles): Range[] {
  const found: Range[] = [];
  for (const view of viewsOf(text)) found.push(...occurrences(view, sought));
  return found;
}

const BASE64 = /[A-Za-z0-9+/_-]/;

function* occurrences(view: View, { pattern, around }: Needles): Iterable<Range> {
  const { text } = view;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [needle] = match;
    let start = match.index;
    let end = start + needle.length;
    // Another may begin inside of this one.
    pattern.lastIndex = start + 1;
    const { before, after } = around.get(needle) ?? { before: 0, after: 0 };
    for (let n = 0; n < before && start > 0 && BASE64.test(text[start - 1] as string); n += 1) start -= 1;
    for (let n = 0; n < after && end < text.length && BASE64.test(text[end] as string); n += 1) end += 1;
    while (after > 0 && text[end] === "=") end += 1;
    yield view.range(start, end);
  }
}
