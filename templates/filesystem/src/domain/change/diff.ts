import { createTwoFilesPatch } from "diff";

/** Lines removed and added that are always compared: on a busy machine the time alone would be over for any edit. */
const alwaysLines = 200;
/** Time for more than that, in ms: two unrelated books of a megabyte would take minutes. */
const budgetMs = 100;

/** What of a diff is shown: lines of this many characters, and this much in all. */
const longestLine = 1_000;
const mostCharacters = 40_000;

/** A unified diff, cut where it is long. Undefined where the texts differ too much for one. */
export function diffOf(name: string, before: string, after: string): { diff: string; cut: boolean } | undefined {
  const within = (limit: { maxEditLength: number } | { timeout: number }) =>
    createTwoFilesPatch(name, name, before, after, "original", "modified", { context: 3, ...limit });
  const patch = within({ maxEditLength: alwaysLines }) ?? within({ timeout: budgetMs });
  return patch === undefined ? undefined : cutDiff(patch);
}

function cutDiff(patch: string): { diff: string; cut: boolean } {
  if (patch.length <= longestLine) return { diff: patch, cut: false };
  const lines = patch.split("\n");
  const shown: string[] = [];
  let left = mostCharacters;
  let cut = false;
  for (const line of lines) {
    const part = line.length <= longestLine ? line : cutLine(line);
    cut ||= part !== line;
    left -= part.length + 1;
    if (left < 0)
      return { diff: `${shown.join("\n")}\n… ${lines.length - shown.length} more lines of the diff`, cut: true };
    shown.push(part);
  }
  return { diff: shown.join("\n"), cut };
}

const cutLine = (line: string): string =>
  `${line.slice(0, longestLine).toWellFormed()}… ${line.length - longestLine} more characters`;
