import type { Walked } from "../safe-fs/walk.ts";
import type { Gitignore } from "./gitignore.ts";
import { compileGlob, type Glob, type Place } from "./glob.ts";

/** Says what a walk is after, going down with it name by name: no path is matched from its beginning twice. */
export interface Filter {
  takes(walked: Walked): boolean;
  /** To be asked before each folder that is gone into. False when nothing below it can be taken. */
  enters(walked: Walked): boolean;
}

export interface FilterGlobs {
  /** Taken is what one of these matches; everything where there are none. */
  include?: readonly Glob[];
  /** Left out with everything below it. */
  exclude?: readonly Glob[];
  /** Left out is what git leaves out, too. */
  gitignore?: Gitignore | undefined;
}

export function createFilter({ include = [], exclude = [], gitignore }: FilterGlobs): Filter {
  // For each folder on the way down, where it stands in each glob.
  const included: Place[][] = [include.map((glob) => glob.start)];
  const excluded: Place[][] = [exclude.map((glob) => glob.start)];
  const step = (globs: readonly Glob[], above: Place[][], { depth, name }: Walked): Place[] =>
    globs.map((glob, index) => glob.step(above[depth - 1]?.[index] ?? [], name));
  const accepted = (globs: readonly Glob[], places: Place[]) =>
    globs.some((glob, index) => glob.accepts(places[index] ?? []));
  return {
    takes(walked) {
      if (gitignore?.(walked)) return false;
      if (exclude.length > 0 && accepted(exclude, step(exclude, excluded, walked))) return false;
      return include.length === 0 || accepted(include, step(include, included, walked));
    },
    enters(walked) {
      const without = step(exclude, excluded, walked);
      if (accepted(exclude, without) || gitignore?.(walked)) return false;
      const within = step(include, included, walked);
      excluded[walked.depth] = without;
      included[walked.depth] = within;
      return include.length === 0 || within.some((place) => place.length > 0);
    },
  };
}

/** How the globs of a search are taken. */
export interface Globbing {
  /** Capital and small letters are the same in globs. @default false */
  ignoreCase?: boolean | undefined;
  /** Leaves out what git leaves out. @default false */
  gitignore?: boolean | undefined;
}

/** As directory_tree has it: a pattern without `*` excludes that name or path wherever it stands. */
export const anywhereWithoutStar = (patterns: readonly string[], ignoreCase?: boolean): Glob[] =>
  patterns.flatMap((pattern) =>
    (pattern.includes("*") ? [pattern] : [pattern, `**/${pattern}`]).map((one) =>
      compileGlob(one, "excludePatterns", { ignoreCase }),
    ),
  );

/** For content: a pattern without a slash is about names, in whatever folder. */
export const anywhereWithoutSlash = (patterns: readonly string[], argument: string, ignoreCase?: boolean): Glob[] =>
  patterns.map((pattern) => compileGlob(pattern.includes("/") ? pattern : `**/${pattern}`, argument, { ignoreCase }));
