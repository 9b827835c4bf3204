/**
 * Decides on what was opened, not on what was named.
 *
 * Linux: a path is opened with O_PATH, which touches nothing, from the descriptor of its root. The kernel then says
 * where that very thing stands (/proc/self/fd/N), and this is what is checked. Reading and writing go through the same
 * descriptor, so that no link, moved folder or exchanged file can come in between.
 *
 * Elsewhere there is no such question to ask. The path without links is taken before opening and again after, together
 * with device and inode. A process that can exchange a folder twice within that moment is not stopped: on macOS and Windows
 * give other users no write access to an allowed folder.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { Deny } from "../deny.ts";
import { FilesError } from "../errors.ts";
import { narrowedTo } from "../narrow.ts";
import { mountOf } from "./mount.ts";
import { below, isReserved, isSystemPlace, type PathRules, reservedError } from "./paths.ts";
import { badLink, denyError, explain, outside, outsideCaller, showPath } from "./refusals.ts";
import { O_PATH, type Root } from "./roots.ts";

/** Something found inside a root. On Linux it is held by a descriptor until close. */
export interface Located {
  root: Root;
  /** The names below the root on the way that has no links. */
  relative: string[];
  stats: Stats;
  /** The path to use for it: by its descriptor, or on other systems its name. */
  at: string;
  /** Throws where it does not stand there any more. By descriptor it always does. */
  verify(): void;
  close(): void;
}

export interface Policy {
  strictLinks: boolean;
  /** Refuses what is mounted below a root. */
  sameMount: boolean;
}

export interface Ground {
  roots: readonly Root[];
  policy: Policy;
  /** Where the server keeps its journal, if that is in a root or holds one: never reached as a file. */
  state?: string | undefined;
  /** For the server's own things, which no caller's folders narrow. */
  isInner?: boolean | undefined;
  /** Whether a path below a root is kept from callers. */
  isDenied?: Deny | undefined;
}

export const rules: PathRules = { platform: process.platform, path, home: homedir() };

/** Finds what a path leads to, over links, as long as it is inside a root. `given` is for messages. */
export function locate(ground: Ground, root: Root, parts: readonly string[], given: string): Located {
  root.verify();
  if (isSystemPlace(path.join(root.real, ...parts), process.platform)) throw outside(given);
  try {
    return root.fd === undefined ? byName(ground, root, parts, given) : byDescriptor(ground, root, parts, given);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") refuseFailedLinks(ground, root, parts, given);
    throw explain(error, given);
  }
}

/** A root itself. Its own descriptor is used, which outlives this only until the roots are closed. */
export function locateRoot(ground: Ground, root: Root, given: string): Located {
  const { fd } = root;
  if (fd === undefined) return locate(ground, root, [], given);
  root.verify();
  refuseKept(ground, root, [], given);
  return { root, relative: [], stats: fstatSync(fd), at: `/proc/self/fd/${fd}`, verify() {}, close() {} };
}

function byDescriptor(ground: Ground, root: Root, parts: readonly string[], given: string): Located {
  const fd = openSync([`/proc/self/fd/${root.fd}`, ...parts].join("/"), O_PATH);
  try {
    const at = `/proc/self/fd/${fd}`;
    const stats = fstatSync(fd);
    const place = judge(ground, root, readlinkSync(at), stats, given, fd);
    return { ...place, stats, at, verify() {}, close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function byName(ground: Ground, root: Root, parts: readonly string[], given: string): Located {
  const named = path.join(root.real, ...parts);
  const real = realpathSync.native(named);
  const stats = lstatSync(real);
  const place = judge(ground, root, real, stats, given);
  const verify = () => {
    root.verify();
    const now = lstatSync(real, { throwIfNoEntry: false });
    if (now === undefined || !sameThing(now, stats) || realpathSync.native(real) !== real) throw movedError(given);
  };
  verify();
  return { ...place, stats, at: real, verify, close() {} };
}

/** What was found is not there any more: looking again may help. */
export class Exchanged extends FilesError {}

export const movedError = (given: string) =>
  new Exchanged("conflict", `${showPath(given)} was exchanged for something else meanwhile. Try again.`);

export const sameThing = (one: Stats, other: Stats): boolean => one.dev === other.dev && one.ino === other.ino;

/** Whether what stands at a path without links may be used. It was looked for from a root that has been verified. */
function judge(
  ground: Ground,
  from: Root,
  real: string,
  stats: Stats,
  given: string,
  fd?: number,
): Pick<Located, "root" | "relative"> {
  const { roots } = ground;
  let found: { root: Root; rest: string } | undefined;
  for (const root of roots) {
    const rest = below(root.real, real, rules);
    if (rest !== undefined && (found === undefined || root.real.length > found.root.real.length))
      found = { root, rest };
  }
  if (found === undefined) throw badLink(given);
  const { root, rest } = found;
  if (root !== from) root.verify();
  const relative = rest.split(path.sep).filter((part) => part !== "");
  if (relative.some(isReserved)) throw reservedError(given);
  if (isSystemPlace(real, process.platform)) throw outside(given);
  refuseKept(ground, root, relative, given);
  judgeStats(ground, root, stats, given, fd);
  return { root, relative };
}

/** What lies in a root and is not for callers: the server's own journal, and what the user denies. */
export function refuseKept(ground: Ground, root: Root, relative: readonly string[], given: string): void {
  const { state, isDenied } = ground;
  const folders = ground.isInner ? undefined : narrowedTo();
  if (folders !== undefined || state !== undefined) {
    const real = path.join(root.real, ...relative);
    if (folders?.every((folder) => below(folder, real, rules) === undefined)) throw outsideCaller(given);
    if (state !== undefined && below(state, real, rules) !== undefined) throw reservedError(given);
  }
  if (isDenied?.(relative)) throw denyError(given);
}

/** What policy keeps out by its kind, wherever it stands. */
export function judgeStats(
  { policy }: Pick<Ground, "policy">,
  root: Root,
  stats: Stats,
  given: string,
  fd?: number,
): void {
  if (policy.sameMount && !root.mounts.has(mountOf(fd, stats))) {
    throw new FilesError(
      "refused",
      `${showPath(given)} is mounted inside its allowed folder, which is not permitted. The user can allow it with --mounts.`,
    );
  }
  if (policy.strictLinks && stats.isFile() && stats.nlink > 1) {
    throw new FilesError(
      "refused",
      `${showPath(given)} has several names (hard links), which is not permitted. Ask the user for a copy.`,
    );
  }
}

/** What cannot be opened behind a link must not say whether it exists: the first thing that fails decides. */
function refuseFailedLinks(ground: Ground, root: Root, parts: readonly string[], given: string): void {
  if (parts.length === 0) return;
  const folder = locate(ground, root, parts.slice(0, -1), given);
  try {
    const stats = lstatSync(`${folder.at}/${parts.at(-1)}`, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) throw badLink(given);
  } catch (error) {
    if (error instanceof FilesError) throw error;
    // The failure that brought us here says more.
  } finally {
    folder.close();
  }
}

/** A descriptor that reads, or both reads and appends, exactly what was located. Never blocks on a pipe. */
export function openLocated(located: Located, flags: number, given: string): number {
  located.verify();
  const { O_NONBLOCK = 0, O_NOCTTY = 0, O_NOFOLLOW = 0 } = constants;
  const follow = located.root.fd === undefined ? O_NOFOLLOW : 0; // the descriptor's path is a link itself
  const fd = openSync(located.at, flags | O_NONBLOCK | O_NOCTTY | follow);
  try {
    if (!sameThing(fstatSync(fd), located.stats)) throw movedError(given);
    located.verify();
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
