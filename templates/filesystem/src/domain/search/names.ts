import type { SafeFs } from "../safe-fs/safe-fs.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { createFilter, type Globbing } from "./filter.ts";
import { openGitignore } from "./gitignore.ts";
import { compileGlob } from "./glob.ts";
import type { Caps, LongTask } from "./pace.ts";
import { answerBytes, bytesOf, type Page } from "./told.ts";
import { type Closed, travel } from "./travel.ts";

export interface SearchFilesOptions extends LongTask, Caps, Page, Globbing {
  /** Globs on the path below the folder; what they match is left out with everything in it. */
  excludePatterns?: readonly string[] | undefined;
  /** @default 10,000 */
  maxResults?: number | undefined;
  cursor?: string | undefined;
}

export interface FoundFiles {
  /** Paths below the folder searched, of files, folders and links, parents first, sorted by name. */
  paths: string[];
  /** Entries looked at in this call. */
  seen: number;
  /** More may be found by the cursor, or, where there is none, below folders that are too deep for one search. */
  truncated: boolean;
  closed: Closed;
  nextCursor?: string;
}

/** Finds entries by a glob on the path below the folder, see compileGlob. Links are not followed. */
export async function searchFiles(
  safeFs: SafeFs,
  path: string,
  pattern: string,
  options: SearchFilesOptions = {},
): Promise<FoundFiles> {
  const { excludePatterns = [], maxResults = 10_000, cursor, pageBytes = answerBytes, ignoreCase, ...task } = options;
  const search = [
    "files",
    path,
    pattern,
    excludePatterns,
    task.maxDepth ?? null,
    ignoreCase ?? null,
    task.gitignore ?? null,
  ];
  const after = decodeCursor(search, cursor);
  const filter = createFilter({
    gitignore: task.gitignore ? await openGitignore(safeFs, path) : undefined,
    include: [compileGlob(pattern, "pattern", { ignoreCase })],
    exclude: excludePatterns.map((exclude) => compileGlob(exclude, "excludePatterns", { ignoreCase })),
  });
  const paths: string[] = [];
  let bytes = 0;
  const { seen, stoppedAt, unreadable, tooDeep } = await travel(safeFs, path, filter, { ...task, after }, (walked) => {
    paths.push(walked.path);
    bytes += bytesOf(path) + bytesOf(walked.path);
    return paths.length < maxResults && bytes < pageBytes;
  });
  return {
    paths,
    seen,
    truncated: stoppedAt !== undefined || tooDeep > 0,
    closed: { unreadable, tooDeep },
    ...(stoppedAt !== undefined && { nextCursor: encodeCursor(search, stoppedAt) }),
  };
}
