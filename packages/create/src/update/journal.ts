import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { takePidLock } from "../../../core/src/control/pid-lock.ts";
import { MAX_JSON_BYTES, parseJsonObject } from "../parse-json.ts";
import { linkOnTheWay } from "../path-problem.ts";
import { readPlainFile } from "../read-plain-file.ts";
import { stateOfProject } from "../state-folder.ts";
import { Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";
import type { FileEntry, Files } from "./files.ts";
import { draftIn, placeFile, removeEmpty, requireOwnPlace } from "./place-file.ts";
import { readEntry } from "./snapshot.ts";

/** Where an update leaves what it replaced, in a project without a repository. */
export const BEFORE = ".offshoot-before";

interface Plan extends Identity {
  /** Part of the name of every draft, so that one that a kill left behind is found. */
  token: string;
  /** What was and what becomes of each path: a digest, or null for no file. */
  entries: { path: string; before: string | null; after: string | null }[];
}

/** Which folder a journal speaks of, beside its device and inode: those are given to another one in time. */
interface Identity {
  folder: string;
  born: string;
}

/** What became of an update that was cut off. */
export interface Recovery {
  restored: string[];
  /** Changed by hand since: left as they are. What they were is in `kept`. */
  left: string[];
  kept?: string;
}

/**
 * Writes an outcome into a project: all of it, or nothing when a step fails. Everything that is about to be replaced is
 * on the disk first, so that an update that is killed half-way is taken back by {@link recover}.
 *
 * The journal is in the user's state folder and not in the project: a journal says which files to write and remove, and
 * one that came with a clone would be someone else's word.
 *
 * @returns takes the journal away: the update stands. `keep` leaves what was replaced in {@link BEFORE}
 * @throws Refusal for a path that must not be written, before anything is
 */
export function writeChanges(
  folder: string,
  changes: ReadonlyMap<string, FileEntry | undefined>,
): (keep: boolean) => void {
  for (const path of changes.keys()) requireOwnPlace(folder, path);
  const before: Files = new Map();
  const plan: Plan = { ...identityOf(folder), token: randomBytes(8).toString("hex"), entries: [] };
  const journal = journalOf(folder);
  rmSync(journal, { recursive: true, force: true });
  mkdirSync(join(journal, "before"), { recursive: true, mode: 0o700 });
  for (const [path, after] of changes) {
    const entry = readEntry(join(folder, path));
    if (entry !== undefined) {
      before.set(path, entry);
      placeFile(join(journal, "before", path), entry, plan.token);
    }
    plan.entries.push({ path, before: digest(entry), after: digest(after) });
  }
  // The plan comes last: without it nothing has been touched.
  writeFileAtomically(join(journal, "plan.json"), JSON.stringify(plan));
  syncFolder(journal);
  try {
    apply(folder, changes, plan.token);
  } catch (error) {
    apply(folder, new Map(plan.entries.map(({ path }) => [path, before.get(path)])), plan.token);
    rmSync(journal, { recursive: true });
    throw error;
  }
  return (keep) => {
    if (keep) keepBefore(folder, join(journal, "before"));
    rmSync(journal, { recursive: true });
  };
}

/** Keeps other updates of a project away until the returned function is called. @throws Refusal where one is running */
export function lockProject(folder: string): () => void {
  const journal = journalOf(folder);
  let lock: ReturnType<typeof takePidLock>;
  try {
    mkdirSync(dirname(journal), { recursive: true, mode: 0o700 });
    lock = takePidLock(journal);
  } catch (cause) {
    throw new Refusal(
      `What an update needs to be undone cannot be kept in ${dirname(journal)}: ${(cause as Error).message}`,
      "set XDG_STATE_HOME to a folder that only you can write.",
      { cause },
    );
  }
  if (typeof lock === "function") return lock;
  throw new Refusal(
    `Another update of this project is running: ${lock}.`,
    "wait for it, and look at what it has changed.",
  );
}

/** Takes back an update that was cut off. `undefined` when there was none. */
export function recover(folder: string): Recovery | undefined {
  const journal = journalOf(folder);
  const file = join(journal, "plan.json");
  if (!existsSync(journal)) return undefined;
  const { folder: path, born } = identityOf(folder);
  const plan = existsSync(file) ? readPlan(file) : undefined;
  if (plan === undefined || (plan.folder !== path && plan.born !== born)) {
    rmSync(journal, { recursive: true });
    return undefined;
  }
  for (const { path } of plan.entries) requireOwnPlace(folder, path);
  const recovery: Recovery = { restored: [], left: [] };
  for (const { path, before, after } of plan.entries) {
    rmSync(draftIn(join(folder, path), plan.token), { force: true });
    const now = digest(readEntry(join(folder, path)));
    if (now === before) {
      removeEmpty(folder, dirname(path));
      continue;
    }
    if (now !== after && now !== null) {
      recovery.left.push(path);
      continue;
    }
    const entry = before === null ? undefined : readEntry(join(journal, "before", path));
    apply(folder, new Map([[path, entry]]), plan.token);
    recovery.restored.push(path);
  }
  if (recovery.left.length > 0) {
    recovery.kept = `${journal}-kept`;
    rmSync(recovery.kept, { recursive: true, force: true });
    renameSync(journal, recovery.kept);
  } else rmSync(journal, { recursive: true });
  return recovery;
}

/** @throws Refusal for what this command has not written */
function readPlan(file: string): Plan {
  try {
    const plan = parseJsonObject(readPlainFile(file, MAX_JSON_BYTES).bytes) as unknown as Plan;
    const isDigest = (value: unknown): boolean => value === null || typeof value === "string";
    const isEntry = ({ path, before, after }: Plan["entries"][number]): boolean =>
      typeof path === "string" && isDigest(before) && isDigest(after);
    const { folder, born, token, entries } = plan;
    const isPlan = [folder, born, token].every((value) => typeof value === "string") && /^[\da-f]{16}$/.test(token);
    if (isPlan && entries.every(isEntry)) return plan;
  } catch {}
  throw new Refusal(
    `An update was interrupted here, and its journal ${file} cannot be read.`,
    "look with `git status` at what is half done; then remove that folder, and run the update again.",
  );
}

const journalOf = (folder: string): string => stateOfProject("updates", folder);

function identityOf(folder: string): Identity {
  return { folder: realpathSync(folder), born: String(statSync(folder, { bigint: true }).birthtimeNs) };
}

function keepBefore(folder: string, before: string): void {
  const kept = join(folder, BEFORE);
  rmSync(kept, { recursive: true, force: true });
  cpSync(before, kept, { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(kept, ".gitignore"), "*\n");
}

function apply(folder: string, changes: ReadonlyMap<string, FileEntry | undefined>, token: string): void {
  // Removals first: a folder may come where a file was, and a file where a folder was.
  const removed = [...changes].filter(([, entry]) => entry === undefined).map(([path]) => path);
  for (const path of removed) {
    if (linkOnTheWay(folder, path) === undefined) rmSync(join(folder, path), { force: true });
    removeEmpty(folder, dirname(path));
  }
  for (const [path, entry] of changes) {
    if (entry === undefined) continue;
    // Again, after the folders that this update itself makes and removes.
    requireOwnPlace(folder, path);
    placeFile(join(folder, path), entry, token);
  }
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
