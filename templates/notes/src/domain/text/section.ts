import { NotesError } from "../errors.ts";
import { splitFrontMatter } from "./front-matter.ts";
import { endLine, joinBlocks, joinLines, lineEndOf } from "./join.ts";
import { FOOTNOTE_INDENT, footnoteLabel } from "./markdown/footnote.ts";
import type { Heading, Outline } from "./markdown/headings.ts";

/**
 * Exchanges what stands between a heading and the next one of its rank or a higher one. The heading itself stays, and so
 * does every byte outside. A heading in a quote, a list item or a footnote ends with it, and the text is written with its marks.
 */
export async function replaceSection(body: string, heading: string, text: string): Promise<string> {
  const { outlineOf } = await import("./markdown/headings.ts");
  const before = outlineOf(body);
  const section = find(before.headings, heading);
  const lineEnd = lineEndOf(body);
  const inside = section.depth === 0 ? text : withPrefix(text, prefixOf(body, section), lineEnd);
  const [head, tail] = [body.slice(0, section.to), body.slice(section.end)];
  const upTo = joinLines(head, inside, lineEnd);
  for (const gap of ["", lineEnd]) {
    const edited = tail === "" ? upTo : `${endLine(upTo, lineEnd)}${gap}${tail}`;
    if (keepsTheRest(before, outlineOf(edited), section, edited.length - body.length)) return edited;
  }
  throw open("the section");
}

/** Puts a text above a body, below its front matter. */
export async function prepend(body: string, text: string): Promise<string> {
  const { front, rest } = splitFrontMatter(body);
  const lineEnd = lineEndOf(body);
  const joined = joinBlocks(text, rest, lineEnd);
  if (rest.trim() === "" || !/[`~<]/.test(text)) return front + joined;
  const { outlineOf } = await import("./markdown/headings.ts");
  for (const whole of [joined, joinLines(text, lineEnd + rest, lineEnd)]) {
    const from = whole.length - rest.length;
    const { blocks } = outlineOf(front + whole);
    const around = blocks.findLast((block) => block.from <= front.length + from);
    const isOpen =
      around !== undefined && around.from < front.length + from && /^(?:fence|html_block)$/.test(around.kind);
    if (!isOpen) return front + whole;
  }
  throw open("it");
}

const open = (swallowed: string): NotesError =>
  new NotesError(
    "conflict",
    `The text leaves a code fence, an HTML block or a comment open, which would swallow what follows ${swallowed}. Nothing was changed. Close it in the text.`,
  );

function find(headings: Heading[], wanted: string): Heading {
  const signs = /^(#{1,6})\s+(.*)$/s.exec(wanted.trim());
  const title = (signs?.[2] ?? wanted).replace(/\s+/g, " ").trim();
  const found = headings.filter((one) => one.title === title && (signs?.[1]?.length ?? one.rank) === one.rank);
  const [section] = found;
  if (section !== undefined && found.length === 1) return section;
  const known = headings.slice(0, 20).map((one) => `"${"#".repeat(one.rank)} ${one.title}"`);
  const list = known.length > 0 ? `The note has: ${known.join(", ")}.` : "The note has no headings.";
  throw new NotesError(
    "conflict",
    `The heading occurs ${found.length} times, expected 1. Nothing was changed. ${list}`,
  );
}

const marks = new RegExp(`^(?:[\\s>]|(?:[-+*]|\\d{1,9}[.)])(?=\\s)|${footnoteLabel.source})*`);

/** What the lines of a quote, list item or footnote begin with: quote marks stay, and other marks become blanks. */
function prefixOf(body: string, { from, to }: Heading): string {
  const line = body.slice(from, to).split(/\r\n?|\n/, 1)[0] ?? "";
  const before = (marks.exec(line)?.[0] ?? "").replace(new RegExp(footnoteLabel, "g"), " ".repeat(FOOTNOTE_INDENT));
  return before.replace(/[^\s>]/g, " ");
}

const withPrefix = (text: string, prefix: string, lineEnd: string): string =>
  text
    .split(/\r\n?|\n/)
    .map((line) => (line === "" ? prefix.trimEnd() : prefix + line))
    .join(lineEnd);

/** Whether the blocks before and behind the section are the ones there were. */
function keepsTheRest(before: Outline, after: Outline, { to, end }: Heading, growth: number): boolean {
  const outside = ({ blocks, headings }: Outline, from: number, shift: number) =>
    JSON.stringify([
      blocks
        .filter((block) => block.from < to || block.from >= from)
        .map((block) => place(block.kind, block.from, from, shift)),
      headings.filter((one) => one.from < to || one.from >= from).map((one) => place(one.title, one.from, from, shift)),
    ]);
  return outside(before, end, 0) === outside(after, end + growth, growth);
}

const place = (what: string, at: number, from: number, shift: number) => [what, at >= from ? at - shift : at];
