import { hash } from "node:crypto";
import { FilesError } from "../errors.ts";
import type { OpenFile, SafeFs } from "../safe-fs/safe-fs.ts";
import { anywhereWithoutSlash, createFilter } from "./filter.ts";
import { hashFile } from "./hash.ts";
import { type HeldFolders, holdFolders } from "./held-folders.ts";
import { type Caps, createPace, type LongTask } from "./pace.ts";
import { answerBytes, bytesOf } from "./told.ts";
import { type Closed, most, travel } from "./travel.ts";

export interface DuplicatesOptions extends LongTask, Caps {
  /** Globs of what to look at; one without a slash is about names in any folder. */
  include?: readonly string[] | undefined;
  exclude?: readonly string[] | undefined;
  /** Smaller files are left out. @default 1 */
  minBytes?: number | undefined;
}

export interface DuplicateGroup {
  sha256: string;
  /** Of each. */
  size: number;
  /** Below the folder searched, sorted. Of hard links to one file, only the first is told. */
  paths: string[];
}

export interface Duplicates {
  /** What wastes most comes first. */
  groups: DuplicateGroup[];
  /** Bytes that were free if one of each group stayed. */
  wasted: number;
  seen: number;
  /**
   * A cap was reached, or not all groups fit one answer. Search a smaller folder or by include; pages cannot be
   * compared.
   */
  truncated: boolean;
  closed: Closed;
}

interface Candidate {
  path: string;
  size: number;
}

const firstBlock = 4096;
/** Files of at most so many bytes are read at once and as a whole: opening them a second time would cost more. */
const small = 65_536;

/** Files with the same content: told apart by size, larger ones by their first 4 KiB, and only then by all of it. */
export async function findDuplicates(
  safeFs: SafeFs,
  path: string,
  options: DuplicatesOptions = {},
): Promise<Duplicates> {
  const maxTime = Math.min(options.maxTime ?? most.maxTime, most.maxTime);
  const end = performance.now() + maxTime;
  const deadline = AbortSignal.timeout(maxTime);
  const { candidates, seen, cut, closed } = await collect(safeFs, path, options);
  const pace = createPace({ signal: options.signal });
  let late = false;

  const folders = holdFolders(safeFs, path);
  /** Parts a group by what is read of its files. What has gone or changed since it was seen has no twin. */
  const part = async (group: Candidate[], read: (file: OpenFile) => string | Promise<string>) => {
    const by = new Map<string, Candidate[]>();
    for (const candidate of group) {
      late ||= performance.now() >= end;
      if (late) break;
      const key = await readUnchanged(folders, candidate, read).catch(unlessLate);
      const same = key === undefined ? undefined : by.get(key);
      if (same) same.push(candidate);
      else if (key !== undefined) by.set(key, [candidate]);
      if (pace.due()) await pace.rest();
    }
    return [...by].filter(([, same]) => same.length > 1);
  };
  const unlessLate = (error: unknown): undefined => {
    if (!deadline.aborted || options.signal?.aborted) throw error;
    late = true;
  };
  const signal = AbortSignal.any([deadline, ...(options.signal ? [options.signal] : [])]);
  const whole = async (file: OpenFile) => (await hashFile(file, "sha256", { signal })).hash;

  const groups: DuplicateGroup[] = [];
  const add = (size: number, same: [string, Candidate[]][]): void => {
    for (const [sha256, twins] of same) groups.push({ sha256, size, paths: twins.map(({ path }) => path) });
  };
  try {
    for (const [size, sameSize] of Map.groupBy(candidates, ({ size }) => size)) {
      if (sameSize.length === 1) continue;
      if (size <= small) add(size, await part(sameSize, (file) => hash("sha256", readStart(file, size))));
      else
        for (const [, sameStart] of await part(sameSize, (file) => readStart(file, firstBlock).toString("latin1")))
          add(size, await part(sameStart, whole));
    }
  } finally {
    folders.close();
  }
  const waste = ({ size, paths }: DuplicateGroup) => size * (paths.length - 1);
  groups.sort((a, b) => waste(b) - waste(a));
  const wasted = groups.reduce((sum, group) => sum + waste(group), 0);
  const told = fitting(groups, bytesOf(path));
  return { groups: told, wasted, seen, truncated: cut || late || told.length < groups.length, closed };
}

/** As many groups as one answer holds, each of them whole. */
function fitting(groups: DuplicateGroup[], perPath: number): DuplicateGroup[] {
  let bytes = 0;
  const over = groups.findIndex(({ paths }) => {
    for (const path of paths) bytes += perPath + bytesOf(path);
    return bytes > answerBytes;
  });
  return over < 0 ? groups : groups.slice(0, over);
}

async function collect(safeFs: SafeFs, path: string, options: DuplicatesOptions) {
  const { include = [], exclude = [], minBytes = 1, ...task } = options;
  const filter = createFilter({
    include: anywhereWithoutSlash(include, "include"),
    exclude: anywhereWithoutSlash(exclude, "exclude"),
  });
  const candidates: Candidate[] = [];
  const linked = new Set<string>();
  const journey = await travel(safeFs, path, filter, task, ({ name, type, path, directory }) => {
    const facts = type === "file" ? directory.factsOf(name) : undefined;
    if (facts?.type !== "file" || facts.size < Math.max(minBytes, 1)) return true;
    const inode = `${facts.dev}:${facts.ino}`;
    if (!linked.has(inode)) candidates.push({ path, size: facts.size });
    if (facts.nlink > 1) linked.add(inode);
    return true;
  });
  const { seen, stoppedAt, unreadable, tooDeep } = journey;
  return { candidates, seen, cut: stoppedAt !== undefined || tooDeep > 0, closed: { unreadable, tooDeep } };
}

async function readUnchanged(
  folders: HeldFolders,
  candidate: Candidate,
  read: (file: OpenFile) => string | Promise<string>,
): Promise<string | undefined> {
  let file: OpenFile | undefined;
  try {
    file = folders.openFile(candidate.path);
    return file.facts.size === candidate.size ? await read(file) : undefined;
  } catch (error) {
    if (error instanceof FilesError) return undefined;
    throw error;
  } finally {
    file?.close();
  }
}

const start = Buffer.allocUnsafe(small);

/** The first bytes of a file, until the next call. */
function readStart(file: OpenFile, bytes: number): Buffer {
  let done = 0;
  for (let read = -1; read !== 0 && done < bytes; done += read) read = file.readSync(start.subarray(done, bytes), done);
  return start.subarray(0, done);
}
