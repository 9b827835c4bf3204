import { FilesError } from "../errors.ts";
import { handOf } from "../safe-fs/handed.ts";
import type { OpenFile, SafeFs } from "../safe-fs/safe-fs.ts";
import type { Walked } from "../safe-fs/walk.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { anywhereWithoutSlash, createFilter, type Globbing } from "./filter.ts";
import { openGitignore } from "./gitignore.ts";
import type { LineMatch } from "./lines.ts";
import { openMatching } from "./match-pool.ts";
import type { Outcome } from "./match-worker.ts";
import type { Caps, LongTask } from "./pace.ts";
import { answerBytes, bytesOf, type Page } from "./told.ts";
import { type Closed, travel } from "./travel.ts";

export interface SearchContentOptions extends LongTask, Caps, Page, Globbing {
  /** Search for the text itself. @default false: a regular expression of the RE2 kind */
  literal?: boolean | undefined;
  /** @default true */
  caseSensitive?: boolean | undefined;
  /** Globs of the files to read; one without a slash is about names in any folder. */
  include?: readonly string[] | undefined;
  exclude?: readonly string[] | undefined;
  /** Lines told before and after each match, at most 10. @default 0 */
  context?: number | undefined;
  /** Matching lines told of one file, at most 1,000. @default 50 */
  maxMatchesPerFile?: number | undefined;
  /** Matching lines after which the call answers; the last file may bring more. @default 1,000 */
  maxMatches?: number | undefined;
  /** Larger files are skipped and counted. @default 10 MiB */
  maxFileBytes?: number | undefined;
  /** Bytes read in one call. @default 256 MiB */
  maxBytes?: number | undefined;
  /** What files are in that are not UTF-8. @default Latin-1 */
  encoding?: string | undefined;
  cursor?: string | undefined;
}

export interface FileMatches {
  /** Below the folder searched. */
  path: string;
  matches: LineMatch[];
  /** There are more in this file. */
  more: boolean;
}

export interface FoundContent {
  /** Sorted by name, folder by folder. */
  files: FileMatches[];
  /** Matching lines in them. */
  matches: number;
  searched: number;
  /** Files that were not searched. Slow is one that took too long with this pattern. */
  skipped: { binary: number; tooLarge: number; unreadable: number; slow: number };
  /** Folders that were not looked into. */
  closed: Closed;
  /** More may be found by the cursor, or, where there is none, below folders that are too deep for one search. */
  truncated: boolean;
  nextCursor?: string;
}

interface Batch {
  files: { path: string; file: OpenFile }[];
  bytes: number;
}

const MiB = 1 << 20;
const batchFiles = 96;
/** With more than these the pattern is refused. */
const mostSlow = 2;

/**
 * Lines that match, below a folder. Links are not followed. Matching runs in a worker thread, in linear time. A pattern
 * that is not supported, or takes too long on three files, is a FilesError "invalid" that says what to write instead.
 */
export async function searchContent(
  safeFs: SafeFs,
  path: string,
  pattern: string,
  options: SearchContentOptions = {},
): Promise<FoundContent> {
  const { include = [], exclude = [], cursor, literal = false, caseSensitive = true, ...rest } = options;
  const { maxMatches = 1000, maxFileBytes = 10 * MiB, maxBytes = 256 * MiB, ...task } = rest;
  // What is told of the last file comes on top.
  const { pageBytes = answerBytes / 3, ignoreCase, gitignore } = rest;
  const context = Math.min(rest.context ?? 0, 10);
  const perFile = Math.min(rest.maxMatchesPerFile ?? 50, 1000);
  const search = [
    "content",
    path,
    pattern,
    literal,
    caseSensitive,
    include,
    exclude,
    task.maxDepth ?? null,
    ignoreCase ?? null,
    gitignore ?? null,
  ];
  const after = decodeCursor(search, cursor);
  const filter = createFilter({
    gitignore: gitignore ? await openGitignore(safeFs, path) : undefined,
    include: anywhereWithoutSlash(include, "include", ignoreCase),
    exclude: anywhereWithoutSlash(exclude, "exclude", ignoreCase),
  });

  const found: FoundContent = {
    files: [],
    matches: 0,
    searched: 0,
    skipped: { binary: 0, tooLarge: 0, unreadable: 0, slow: 0 },
    closed: { unreadable: 0, tooDeep: 0 },
    truncated: false,
  };
  let [bytes, told] = [0, 0];
  let fullAt: string | undefined;
  let batch: Batch = { files: [], bytes: 0 };
  let matching: { batch: Batch; done: Promise<Outcome[]> } | undefined;

  const open = ({ directory, name, type, path }: Walked): boolean => {
    try {
      const file = directory.openFile(name, type);
      const { size } = file.facts;
      if (size > maxFileBytes) {
        found.skipped.tooLarge++;
        file.close();
        return false;
      }
      batch.files.push({ path, file });
      batch.bytes += size;
      bytes += size;
      return true;
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      found.skipped.unreadable++;
      return false;
    }
  };
  /** Tells what the worker has found, in order, up to the file that fills the page. */
  const settle = async () => {
    if (matching === undefined) return;
    const outcomes = await unlessAborted(matching.done, task.signal);
    for (const [index, { path }] of matching.batch.files.entries()) {
      if (fullAt !== undefined) break;
      told += tell(found, path, outcomes[index]);
      if (found.matches >= maxMatches || told >= pageBytes) fullAt = path;
    }
    closeAll(matching.batch);
    matching = undefined;
  };

  const wanted = { context, maxMatches: perFile, encoding: rest.encoding };
  const worker = await openMatching({ pattern, literal, caseSensitive, ...wanted }, task.signal);
  /** One batch is searched while the next one is opened. */
  const handOver = async (): Promise<boolean> => {
    await settle();
    if (fullAt !== undefined) return false;
    const done = worker.match(handOf(batch.files.map(({ file }) => file)));
    done.catch(() => {}); // heard of in settle(), if this call is still wanted then
    matching = { batch, done };
    batch = { files: [], bytes: 0 };
    return bytes < maxBytes;
  };
  try {
    const journey = await travel(safeFs, path, filter, { ...task, after }, (walked) => {
      if (walked.type !== "file" || !open(walked)) return true;
      return (batch.files.length < batchFiles && batch.bytes < MiB) || handOver();
    });
    if (fullAt === undefined && batch.files.length > 0) await handOver();
    await settle();
    const stoppedAt = fullAt ?? journey.stoppedAt;
    found.closed = { unreadable: journey.unreadable, tooDeep: journey.tooDeep };
    found.truncated = stoppedAt !== undefined || journey.tooDeep > 0;
    return stoppedAt === undefined ? found : { ...found, nextCursor: encodeCursor(search, stoppedAt) };
  } finally {
    await worker.release();
    if (matching) closeAll(matching.batch);
    closeAll(batch);
  }
}

function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function closeAll({ files }: Batch): void {
  for (const { file } of files) file.close();
}

/** How many bytes were told. */
function tell(found: FoundContent, path: string, outcome: Outcome = "unreadable"): number {
  if (typeof outcome === "string") {
    found.skipped[outcome]++;
    if (found.skipped.slow <= mostSlow) return 0;
    throw new FilesError(
      "invalid",
      "pattern: it takes too long on several files. Make it simpler, use literal: true, or search fewer files by include.",
    );
  }
  found.searched++;
  if (outcome === null) return 0;
  found.files.push({ path, ...outcome });
  found.matches += outcome.matches.length;
  const lines = outcome.matches.flatMap(({ text, before = [], after = [] }) => [text, ...before, ...after]);
  return lines.reduce((sum, line) => sum + bytesOf(path) + bytesOf(line), 0);
}
