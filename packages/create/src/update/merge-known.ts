import { LOCK } from "../contract/lock-file.ts";
import { type SchemaObject as Data, sortKeys } from "../contract/schema.ts";
import { parseJsonObject } from "../parse-json.ts";
import { POLICY_LOCK } from "../policy/policy-lock.ts";
import { Refusal } from "../terminal.ts";
import type { FileEntry, Files } from "./files.ts";
import { type DataConflict, mergeData, mergeManifest, writeLike } from "./merge-data.ts";

/** A file that was merged as data, and where that did not go by itself. */
export interface KnownMerge {
  path: string;
  file: FileEntry;
  conflicts: DataConflict[];
}

const LOCKS = [LOCK, POLICY_LOCK];

/**
 * Merges what is data and not lines: package.json, the locks, and `offshoot.json`, which afterwards names the
 * version that was taken over. A marker of a conflict in one of them would stop every tool that reads it.
 */
export function mergeKnown(base: Files, yours: Files, theirs: Files, version: string): KnownMerge[] {
  const merges: KnownMerge[] = [];
  for (const path of ["package.json", ...LOCKS, "offshoot.json"]) {
    const [old, ours, now] = [base, yours, theirs].map((files) => files.get(path));
    // Deleted on a side: git says what that means.
    if (old === undefined || ours === undefined || now === undefined) continue;
    const [before, own, next] = [old, ours, now].map(({ bytes }) => parse(bytes));
    if (before === undefined || next === undefined) continue;
    if (own === undefined) {
      // A lock can be written again; without these two nothing says what it was.
      if (LOCKS.includes(path)) continue;
      throw new Refusal(`${path} is not JSON.`, "fix it, then run the update again.");
    }
    const { merged, conflicts } =
      path === "package.json"
        ? mergeManifest(before, own, next)
        : path === "offshoot.json"
          ? mergeData(withoutOwn(before), own, withoutOwn(next))
          : mergeData(before, own, next);
    if (path === "offshoot.json") {
      merged.version = version;
      conflicts.length = 0;
    }
    const unchanged = JSON.stringify(merged) === JSON.stringify(own);
    const text = ours.bytes.toString("utf8");
    merges.push({
      path,
      conflicts,
      file: { ...ours, bytes: unchanged ? ours.bytes : Buffer.from(write(path, text, own, merged)) },
    });
  }
  return merges;
}

/** What offshoot.json says of the project, and no release of its template. */
const withoutOwn = ({ template: _template, version: _version, name: _name, mine: _mine, ...rest }: Data): Data => rest;

function write(path: string, text: string, own: Data, merged: Data): string {
  // Sorted, as it is always written.
  if (LOCKS.includes(path)) return writeLike(text, sortKeys(merged));
  const only = JSON.stringify({ ...merged, version: own.version }) === JSON.stringify(own);
  if (path === "offshoot.json" && only)
    return text.replace(/("version"\s*:\s*")[^"]*"/, (_, start) => `${start}${merged.version}"`);
  return writeLike(text, merged);
}

function parse(bytes: Buffer): Data | undefined {
  try {
    return parseJsonObject(bytes);
  } catch {
    return undefined;
  }
}
