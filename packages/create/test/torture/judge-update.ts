import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Update } from "../../src/update/outcome.ts";
import { readTexts } from "./folders.ts";
import type { UserWork } from "./fork.ts";
import { diffFolders, explain, lostFiles, lostLines } from "./judge.ts";
import type { Sums } from "./sums.ts";
import type { Texts } from "./texts.ts";

const run = promisify(execFile);

/** One update of one fork, done. */
interface Judged {
  folder: string;
  shadow: string;
  before: Texts;
  result: Update;
  user: UserWork;
  gated: boolean;
}

/** Holds an update against what both sides had, and adds what it finds to the sums. `undefined`: nobody knows whether it works. */
export async function judgeUpdate(
  name: string,
  { folder, shadow, before, result, user, gated }: Judged,
  sums: Sums,
): Promise<boolean | undefined> {
  const after = readTexts(folder);
  const [yours, theirs] = [diffFolders(shadow, "base", "yours"), diffFolders(shadow, "base", "theirs")];
  sums.updates += 1;
  if (gated) sums.gated += 1;
  sums[result.conflicts.length > 0 ? "withConflicts" : "clean"] += 1;
  sums.conflicts += result.conflicts.length;
  for (const conflict of result.conflicts) {
    const why = explain(conflict, yours, theirs);
    if (why === undefined) sums.unexplained.push(`${name}: ${conflict.path} (${conflict.reason})`);
    else sums.explained[why] = (sums.explained[why] ?? 0) + 1;
  }
  const fault = (list: string[], what: readonly string[]): unknown =>
    list.push(...what.map((item) => `${name}: ${item}`));
  fault(sums.lostUserLines, lostLines(before, after, /user-\d/));
  // Line ends as they were, too: the bytes of what only the user has are nowhere else.
  fault(
    sums.lostUserFiles,
    lostFiles(
      before,
      after,
      user.added.filter((path) => !result.conflicts.some((conflict) => conflict.path === path)),
    ),
  );
  const settled = (path: string): boolean => !result.conflicts.some((conflict) => conflict.path === path);
  fault(sums.returned, [
    ...user.removedFiles.filter((path) => after.has(path) && !before.has(path) && settled(path)),
    ...user.removedLines
      .filter(
        ({ path, line }) =>
          settled(path) &&
          !before.get(path)?.split(/\r?\n/).includes(line) &&
          after.get(path)?.split(/\r?\n/).includes(line),
      )
      .map(({ path, line }) => `${path}: ${line}`),
  ]);
  const gone = new Set([
    ...yours.filter(({ to }) => to === undefined).map(({ from }) => from),
    ...result.conflicts.map(({ path }) => path),
  ]);
  const upstream = new Map(
    [...readTexts(join(shadow, "theirs"))].filter(([path]) => !gone.has(path) && !gone.has(originOf(path, theirs))),
  );
  // What an earlier conflict was settled against is not there any more, and not new.
  const known = new Set(
    [...readTexts(join(shadow, "base")).values()].flatMap((text) => text.split("\n").map((line) => line.trim())),
  );
  if (result.conflicts.length === 0)
    fault(
      sums.lostUpstreamLines,
      lostLines(upstream, after, /up-\d/).filter((line) => !known.has(line)),
    );
  if (!gated || result.conflicts.length > 0) return undefined;
  const verdict = await works(folder);
  if (verdict !== true && result.status === "clean") sums.silentBreaks.push(`${name}: ${verdict}`);
  if (verdict === true && result.status === "red") sums.falseAlarms.push(name);
  if (verdict !== true && result.status === "red") sums.announcedBreaks += 1;
  return verdict === true;
}

const originOf = (path: string, diffs: ReturnType<typeof diffFolders>): string =>
  diffs.find(({ to }) => to === path)?.from ?? path;

/** True, or the first thing that TypeScript says. Not by way of the update's own gates. */
export async function works(folder: string): Promise<true | string> {
  try {
    await run(process.execPath, ["gate.mjs"], { cwd: folder });
    return true;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`.split("\n").find((line) => /error/i.test(line)) ?? "failed";
  }
}
