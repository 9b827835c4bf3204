import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomically } from "../write-file.ts";
import { type FileEntry, type Files, sameFile } from "./files.ts";
import { readEntry } from "./snapshot.ts";

/** Beside the files it speaks of, so that a rename puts each into its place. */
const FOLDER = ".offshoot-update";

/** Where an update leaves what it replaced, in a project without a repository. */
export const BEFORE = ".offshoot-before";

interface Plan {
  /** What was and what becomes of each path: a digest, or null for no file. */
  entries: { path: string; before: string | null; after: string | null }[];
}

/** What became of an update that was cut off. */
export interface Recovery {
  restored: string[];
  /** Changed by somebody since: left as they are. What they were is in `kept`. */
  left: string[];
  kept?: string;
}

/**
 * Writes an outcome into a project: all of it, or nothing when a step fails. Everything that is about to be replaced is
 * on the disk first, so that an update that is killed half-way is taken back by {@link recover}.
 *
 * @returns takes the journal away: the update stands. `keep` leaves what was replaced in {@link BEFORE}
 */
export function writeChanges(
  folder: string,
  changes: ReadonlyMap<string, FileEntry | undefined>,
): (keep: boolean) => void {
  const before: Files = new Map();
  const plan: Plan = { entries: [] };
  const journal = join(folder, FOLDER);
  mkdirSync(join(journal, "before"), { recursive: true });
  writeFileSync(join(journal, ".gitignore"), "*\n");
  for (const [path, after] of changes) {
    const entry = readEntry(join(folder, path));
    if (entry !== undefined) {
      before.set(path, entry);
      place(join(journal, "before", path), entry, journal);
    }
    plan.entries.push({ path, before: digest(entry), after: digest(after) });
  }
  // The plan comes last: without it nothing has been touched.
  writeFileAtomically(join(journal, "plan.json"), JSON.stringify(plan));
  syncFolder(journal);
  try {
    apply(folder, changes, journal);
  } catch (error) {
    apply(folder, new Map(plan.entries.map(({ path }) => [path, before.get(path)])), journal);
    rmSync(journal, { recursive: true });
    throw error;
  }
  return (keep) => {
    if (keep) rmSync(join(folder, BEFORE), { recursive: true, force: true });
    if (keep) renameSync(join(journal, "before"), join(folder, BEFORE));
    if (keep) writeFileSync(join(folder, BEFORE, ".gitignore"), "*\n");
    rmSync(journal, { recursive: true });
  };
}

/** Takes back an update that was cut off. `undefined` when there was none. */
export function recover(folder: string): Recovery | undefined {
  const journal = join(folder, FOLDER);
  if (!existsSync(journal)) return undefined;
  const file = join(journal, "plan.json");
  const plan: Plan = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { entries: [] };
  const recovery: Recovery = { restored: [], left: [] };
  for (const { path, before, after } of plan.entries) {
    const now = digest(readEntry(join(folder, path)));
    if (now === before) continue;
    if (now !== after && now !== null) {
      recovery.left.push(path);
      continue;
    }
    const entry = before === null ? undefined : readEntry(join(journal, "before", path));
    apply(folder, new Map([[path, entry]]), journal);
    recovery.restored.push(path);
  }
  if (recovery.left.length > 0) {
    recovery.kept = `${FOLDER}-kept`;
    rmSync(join(folder, recovery.kept), { recursive: true, force: true });
    renameSync(journal, join(folder, recovery.kept));
  } else rmSync(journal, { recursive: true });
  return recovery;
}

function apply(folder: string, changes: ReadonlyMap<string, FileEntry | undefined>, journal: string): void {
  // Removals first: a folder may come where a file was, and a file where a folder was.
  const removed = [...changes].filter(([, entry]) => entry === undefined).map(([path]) => path);
  for (const path of removed) {
    rmSync(join(folder, path), { force: true });
    removeEmpty(folder, dirname(path));
  }
  for (const [path, entry] of changes) if (entry !== undefined) place(join(folder, path), entry, journal);
}

function removeEmpty(folder: string, path: string): void {
  if (path === "." || !existsSync(join(folder, path)) || readdirSync(join(folder, path)).length > 0) return;
  rmdirSync(join(folder, path));
  removeEmpty(folder, dirname(path));
}

/** Puts a file into its place in one step. Its other permissions stay as they are. */
function place(file: string, entry: FileEntry, journal: string): void {
  const now = readEntry(file);
  if (sameFile(now, entry)) return;
  mkdirSync(dirname(file), { recursive: true });
  const draft = join(journal, "draft");
  rmSync(draft, { force: true });
  if (entry.link) symlinkSync(entry.bytes.toString("utf8"), draft);
  else {
    writeFileAtomically(draft, entry.bytes);
    const mode = now === undefined || now.link ? 0o644 : lstatSync(file).mode & 0o777;
    chmodSync(draft, entry.executable ? mode | ((mode & 0o444) >> 2) : mode & ~0o111);
  }
  renameSync(draft, file);
}

const digest = (entry: FileEntry | undefined): string | null =>
  entry === undefined
    ? null
    : `${entry.link ? "link" : entry.executable ? "x" : "-"} ${createHash("sha256").update(entry.bytes).digest("hex")}`;

function syncFolder(folder: string): void {
  // Windows opens no folders, and needs no such thing.
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
