import { createTwoFilesPatch } from "diff";
import { NotesError } from "../errors.ts";

export interface Side {
  version: number;
  title: string;
  body: string;
  tags: string[];
}

/** Long enough for any edit a person makes; two unrelated books of a megabyte would take minutes. */
const budgetMs = 80;

/** A unified diff of two versions, title and tags included. Empty where they are equal. */
export function diffOf(from: Side, to: Side): string {
  const patch = createTwoFilesPatch(
    `version ${from.version}`,
    `version ${to.version}`,
    textOf(from),
    textOf(to),
    "",
    "",
    {
      context: 3,
      timeout: budgetMs,
    },
  );
  if (patch === undefined) {
    throw new NotesError(
      "quota",
      `Versions ${from.version} and ${to.version} differ in too many lines for a diff. Read both with get_note instead.`,
    );
  }
  return patch.includes("\n@@ ") ? patch.slice(patch.indexOf("--- ")) : "";
}

const textOf = ({ title, tags, body }: Side): string => `title: ${title}\ntags: ${tags.join(", ")}\n\n${body}`;
