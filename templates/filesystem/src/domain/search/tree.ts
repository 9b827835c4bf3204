import type { SafeFs } from "../safe-fs/safe-fs.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { anywhereWithoutStar, createFilter, type Globbing } from "./filter.ts";
import { openGitignore } from "./gitignore.ts";
import type { Caps, LongTask } from "./pace.ts";
import { answerBytes, bytesOf, type Page } from "./told.ts";
import { type Closed, most, travel } from "./travel.ts";

/** An entry as the official server tells it: whatever is no folder is a "file", a link too. */
export interface TreeNode {
  name: string;
  type: "file" | "directory";
  /** Of a folder, always. */
  children?: TreeNode[];
  /** A folder whose children are missing here: too deep, or closed to this server. */
  unexplored?: true;
}

export interface TreeOptions extends LongTask, Caps, Page, Globbing {
  /** Globs on the path below the folder. One without `*` is also a name or path that is left out wherever it stands. */
  excludePatterns?: readonly string[] | undefined;
  cursor?: string | undefined;
}

export interface Tree {
  /** Sorted by name. On a later page, the folders on the way to its first entry are told again. */
  tree: TreeNode[];
  entries: number;
  /** Something is missing: go on by the cursor, or, where there is none, look into an unexplored folder by itself. */
  truncated: boolean;
  closed: Closed;
  nextCursor?: string;
}

const pageEntries = 20_000;

/** Everything below a folder. Links are not followed. */
export async function directoryTree(safeFs: SafeFs, path: string, options: TreeOptions = {}): Promise<Tree> {
  const { excludePatterns = [], cursor, maxDepth: asked = most.maxDepth, pageBytes = answerBytes, ...rest } = options;
  const { ignoreCase, gitignore, ...task } = rest;
  const maxDepth = Math.min(asked, most.maxDepth);
  const search = ["tree", path, excludePatterns, maxDepth, ignoreCase ?? null, gitignore ?? null];
  const after = decodeCursor(search, cursor);
  const filter = createFilter({
    exclude: anywhereWithoutStar(excludePatterns, ignoreCase),
    gitignore: gitignore ? await openGitignore(safeFs, path) : undefined,
  });
  const tree: TreeNode[] = [];
  // The folders on the way down to where the walk stands: levels[0] is the tree itself.
  const levels: TreeNode[][] = [tree];
  let [entries, bytes, retold] = [0, 0, 0];
  const tell = (level: TreeNode[], node: TreeNode, depth: number): boolean => {
    level.push(node);
    // As JSON in lines, indented by two: that is how the official server tells it.
    bytes += bytesOf(node.name) + (node.children ? 60 + 24 * depth : 40 + 16 * depth);
    return bytes < pageBytes + retold;
  };

  /** Where an entry belongs. A later page begins inside folders that an earlier one told: they are told again. */
  const levelOf = (depth: number, path: string): TreeNode[] => {
    const known = levels[depth - 1];
    if (known) return known;
    const names = path.split("/");
    let level = tree;
    for (let above = 1; above < depth; above++) {
      const children: TreeNode[] = levels[above] ?? [];
      if (levels[above] === undefined) {
        // Told again, or a page below many folders would hold nothing else.
        const before = bytes;
        tell(level, { name: names[above - 1] ?? "", type: "directory", children }, above);
        retold += Math.min(bytes - before, answerBytes - pageBytes - retold);
      }
      levels[above] = children;
      level = children;
    }
    return level;
  };

  const onUnreadable = (folder: string) => {
    const node = levels[folder.split("/").length - 1]?.at(-1);
    if (node && folder.endsWith(node.name)) node.unexplored = true;
  };
  const travelling = { maxEntries: pageEntries, ...task, maxDepth, after, onUnreadable };
  const { stoppedAt, unreadable, tooDeep } = await travel(
    safeFs,
    path,
    filter,
    travelling,
    ({ name, type, depth, path }) => {
      entries++;
      const level = levelOf(depth, path);
      levels.length = depth;
      if (type !== "directory") return tell(level, { name, type: "file" }, depth);
      const children: TreeNode[] = [];
      levels[depth] = children;
      return tell(level, { name, type, children, ...(depth === maxDepth && { unexplored: true }) }, depth);
    },
  );
  return {
    tree,
    entries,
    truncated: stoppedAt !== undefined || tooDeep > 0,
    closed: { unreadable, tooDeep },
    ...(stoppedAt !== undefined && { nextCursor: encodeCursor(search, stoppedAt) }),
  };
}
