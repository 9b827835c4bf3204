import { z } from "zod";
import { NotesError } from "../errors.ts";
import { joinBlocks, lineEndOf } from "./join.ts";

/**
 * One change of a body, for edit_note. The fields an operation does not use are refused, so that none is lost unseen.
 */
export const Edit = z.object({
  operation: z
    .enum(["append", "prepend", "find_replace", "replace_section"])
    .describe(
      "append and prepend add text at the end or start, after front matter; find_replace exchanges exact text; replace_section exchanges what stands under a heading",
    ),
  text: z
    .string()
    .describe(
      "The new text. For append and prepend a line break is put between it and the body where one is missing, and a blank line where the two would become a heading.",
    ),
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
export async function applyEdit(body: string, edit: z.output<typeof Edit>): Promise<string> {
  const { operation, text, find, heading } = edit;
  if ((find === undefined) === (operation === "find_replace")) {
    throw new NotesError("invalid", "find: goes with find_replace, and only with it.");
  }
  if ((heading === undefined) === (operation === "replace_section")) {
    throw new NotesError("invalid", "heading: goes with replace_section, and only with it.");
  }
  if (operation === "append") return joinBlocks(body, text, lineEndOf(body));
  if (operation === "prepend") {
    const { prepend } = await import("./section.ts");
    return prepend(body, text);
  }
  if (find !== undefined) return replaceExact(body, find, text, edit.expected_replacements);
  const { replaceSection } = await import("./section.ts");
  return replaceSection(body, heading ?? "", text);
}

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
