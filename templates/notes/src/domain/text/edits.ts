import { z } from "zod";
import { NotesError } from "../errors.ts";
import { maskCode } from "./code.ts";

/**
 * One change of a body, for edit_note. The fields an operation does not use are refused, so that none is lost unseen.
 */
export const Edit = z.object({
  operation: z
    .enum(["append", "prepend", "find_replace", "replace_section"])
    .describe(
      "append and prepend add text at the end or start; find_replace exchanges exact text; replace_section exchanges what stands under a heading",
    ),
  text: z
    .string()
    .describe("The new text. For append and prepend a line break is put between it and the body where one is missing."),
  find: z.string().min(1).optional().describe("find_replace only: the exact text to look for, never a pattern"),
  heading: z
    .string()
    .min(1)
    .optional()
    .describe('replace_section only: the heading as it stands in the note, such as "## Plan" or just "Plan"'),
  expected_replacements: z
    .int()
    .min(1)
    .default(1)
    .describe(
      "find_replace only: how often the text must occur. Any other count changes nothing and is answered with the count.",
    ),
});
export type Edit = z.input<typeof Edit>;

/** The edited body. A text or heading that is not there as often as expected is a NotesError that gives the count. */
export function applyEdit(body: string, edit: z.output<typeof Edit>): string {
  const { operation, text, find, heading } = edit;
  if ((find === undefined) === (operation === "find_replace")) {
    throw new NotesError("invalid", "find: goes with find_replace, and only with it.");
  }
  if ((heading === undefined) === (operation === "replace_section")) {
    throw new NotesError("invalid", "heading: goes with replace_section, and only with it.");
  }
  if (operation === "append") return joinLines(body, text, lineEndOf(body));
  if (operation === "prepend") return joinLines(text, body, lineEndOf(body));
  if (find !== undefined) return replaceExact(body, find, text, edit.expected_replacements);
  return replaceSection(body, heading ?? "", text);
}

const lineEndOf = (body: string): string => (body.includes("\r\n") ? "\r\n" : "\n");

const joinLines = (first: string, second: string, lineEnd: string): string =>
  first === "" || second === "" || /[\r\n]$/.test(first) ? first + second : first + lineEnd + second;

function replaceExact(body: string, find: string, text: string, expected: number): string {
  const pieces = body.split(find);
  const count = pieces.length - 1;
  if (count === expected) return pieces.join(text);
  const advice =
    count === 0
      ? "Read the note with get_note and copy the text exactly."
      : `Give more of the text around it, or set expected_replacements to ${count} to change all.`;
  throw new NotesError(
    "conflict",
    `The text occurs ${count} times, expected ${expected}. Nothing was changed. ${advice}`,
  );
}

interface Heading {
  rank: number;
  title: string;
  from: number;
  /** Where the text under it begins. */
  to: number;
}

function headingsIn(body: string): Heading[] {
  // The titles are cut from the body, because inline code in them is masked.
  return [...maskCode(body).matchAll(/^ {0,3}(#{1,6})[ \t][^\r\n]*/gm)].map((match) => {
    const end = body.indexOf("\n", match.index);
    const rank = match[1]?.length ?? 0;
    const line = body
      .slice(match.index, match.index + match[0].length)
      .trim()
      .slice(rank);
    return { rank, title: withoutClosing(line), from: match.index, to: end === -1 ? body.length : end + 1 };
  });
}

/** "Plan ##" is the title "Plan", "C#" stays. */
function withoutClosing(line: string): string {
  let end = line.length;
  while (line[end - 1] === "#") end--;
  return (/[ \t]/.test(line[end - 1] ?? "") ? line.slice(0, end) : line).trim();
}

/**
 * Exchanges the lines between a heading and the next heading of the same or a higher rank. The heading itself stays.
 */
function replaceSection(body: string, heading: string, text: string): string {
  const lineEnd = lineEndOf(body);
  const headings = headingsIn(body);
  const wanted = /^(#{1,6})\s+(.*)$/s.exec(heading.trim());
  const title = wanted?.[2] ?? heading.trim();
  const found = headings.filter(
    (one) => one.title === title && (wanted?.[1] ?? "#".repeat(one.rank)).length === one.rank,
  );
  const [section] = found;
  if (section === undefined || found.length > 1) {
    const known = headings.slice(0, 20).map((one) => `"${"#".repeat(one.rank)} ${one.title}"`);
    const list = known.length > 0 ? `The note has: ${known.join(", ")}.` : "The note has no headings.";
    throw new NotesError(
      "conflict",
      `The heading occurs ${found.length} times, expected 1. Nothing was changed. ${list}`,
    );
  }
  const next = headings.find((one) => one.from > section.from && one.rank <= section.rank);
  const before = joinLines(body.slice(0, section.to), text, lineEnd);
  return next === undefined ? before : joinLines(before, body.slice(next.from), lineEnd);
}
