import { createTwoFilesPatch } from "diff";

/** Long enough for any edit a person makes; two unrelated books of a megabyte would take minutes. */
const budgetMs = 100;

/** A unified diff. Undefined where the texts differ too much for one. */
export function diffOf(name: string, before: string, after: string): string | undefined {
  return createTwoFilesPatch(name, name, before, after, "original", "modified", { context: 3, timeout: budgetMs });
}
