import { createTwoFilesPatch } from "diff";
import { NotesError } from "../errors.ts";

export interface Side {
  version: number;
  title: string;
  body: string;
  tags: string[];
}

/** Lines removed and added that are always compared: on a busy machine the time alone would be over for any edit. */
const alwaysLines = 200;
/** Time for more than that, in ms: two unrelated books of a megabyte would take minutes. */
const budgetMs = 80;

/** A unified diff of two versions, title and tags included. Empty where they are equal. */
export function diffOf(from: Side, to: Side): string {
  const names = [`version ${from.version}`, `version ${to.version}`] as const;
  const within = (limit: { maxEditLength: number } | { timeout: number }) =>
    createTwoFilesPatch(...names, textOf(from), textOf(to), "", "", { context: 3, ...limit });
  const patch = within({ maxEditLength: alwaysLines }) ?? within({ timeout: budgetMs });
  if (patch === undefined) {
    throw new NotesError(
      "quota",
      `Versions ${from.version} and ${to.version} differ in too many lines for a diff. Read both with get_note instead.`,
    );
  }
  return patch.includes("\n@@ ") ? patch.slice(patch.indexOf("--- ")) : "";
}

const textOf = ({ title, tags, body }: Side): string => `title: ${title}\ntags: ${tags.join(", ")}\n\n${body}`;
