import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { Conflict } from "../../src/update/merge.ts";
import type { Texts } from "./texts.ts";

/** How one file came from another version, as `git diff` tells it. */
interface FileDiff {
  from: string | undefined;
  to: string | undefined;
  /** Lines of the old file, as half-open ranges that touch their neighbours. */
  ranges: [number, number][];
  binary: boolean;
}

/** The files that differ between two folders below `cwd`, without regard to line ends. */
export function diffFolders(cwd: string, before: string, after: string): FileDiff[] {
  const args = [
    "diff",
    "--no-index",
    "--no-prefix",
    "--no-color",
    "-M",
    "-l0",
    "-U0",
    "--ignore-cr-at-eol",
    before,
    after,
  ];
  let output = "";
  try {
    execFileSync("git", args, { cwd, encoding: "latin1", maxBuffer: 1e9, stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  return output
    .split(/^diff --git /m)
    .slice(1)
    .map((part) => {
      const [names] = part.split("\n", 1) as [string];
      const [, old = "", now = ""] = /^(\S+) (\S+)$/.exec(names) ?? [];
      const own = (name: string, folder: string): string => name.slice(folder.length + 1);
      return {
        from: /^new file mode/m.test(part) ? undefined : own(old, before),
        to: /^deleted file mode/m.test(part) ? undefined : own(now, after),
        binary: /^Binary files/m.test(part),
        ranges: [...part.matchAll(/^@@ -(\d+)(?:,(\d+))? /gm)].map(([, line, count = "1"]): [number, number] => {
          const start = Number(line);
          return count === "0" ? [start, start + 1] : [start - 1, start + Number(count)];
        }),
      };
    });
}

/**
 * Why a conflict was due: both sides changed the same lines or neighbours, or one removed, renamed or added what the
 * other one touched. `undefined` for one that should not be.
 */
export function explain({ path, reason }: Conflict, yours: FileDiff[], theirs: FileDiff[]): string | undefined {
  if (/^[\w.@/-]+: yours is /.test(reason)) return "the same value of a data file";
  const about = (diffs: FileDiff[]): FileDiff[] => diffs.filter(({ from, to }) => from === path || to === path);
  // A conflict may stand under the name on either side: follow it back to the name that both knew.
  const origins = new Set([...about(yours), ...about(theirs)].map(({ from }) => from ?? path).concat(path));
  // What both renamed stands under a third name, made of the two.
  for (const [, origin] of reason.matchAll(/(\S+) renamed to /g)) origins.add(origin as string);
  const touching = (diffs: FileDiff[]): FileDiff[] =>
    diffs.filter(({ from, to }) => origins.has(from ?? "") || origins.has(to ?? ""));
  const [ours, upstreams] = [touching(yours), touching(theirs)];
  for (const one of ours) {
    for (const other of upstreams) {
      if (one.from === undefined && other.from === undefined) return "both added it";
      if (one.to === undefined || other.to === undefined) return "one removed it, the other changed it";
      if (one.binary || other.binary) return "both changed a binary";
      if (one.from !== one.to && other.from !== other.to && one.to !== other.to) return "both renamed it";
      if (one.from !== one.to && other.from === undefined) return "one renamed to where the other added";
      if (one.ranges.some(([a, b]) => other.ranges.some(([c, d]) => a <= d && c <= b))) return "the same lines";
    }
  }
  return undefined;
}

const linesOf = (files: Texts): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const text of files.values())
    for (const line of text.split(/\r?\n/)) counts.set(line.trim(), (counts.get(line.trim()) ?? 0) + 1);
  return counts;
};

/** Lines with a token of this kind that one state has and the other has not. */
export function lostLines(before: Texts, after: Texts, token: RegExp): string[] {
  const [had, has] = [linesOf(before), linesOf(after)];
  return [...had].filter(([line, count]) => token.test(line) && (has.get(line) ?? 0) < count).map(([line]) => line);
}

/** Files whose content is nowhere any more, byte for byte. */
export function lostFiles(before: Texts, after: Texts, paths: readonly string[]): string[] {
  const hash = (text: string): string => createHash("sha1").update(text, "latin1").digest("hex");
  const left = new Set([...after.values()].map(hash));
  return paths.filter((path) => before.has(path) && !left.has(hash(before.get(path) as string)));
}
