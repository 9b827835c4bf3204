import { ApiError } from "../errors.ts";
import type { OperationEntry } from "./read-operation.ts";

/** Which operations are offered: those that one of `include` fits, without those that one of `exclude` fits. */
export interface Filter {
  include: readonly string[];
  exclude: readonly string[];
}

type Fits = (entry: OperationEntry) => boolean;

/**
 * The operations that a filter leaves. Each of its patterns is `tag:<name>`, a method (`GET`), a glob of the path
 * (`/orders/**`: one star within a segment, two across), or a method and a glob (`GET /orders/*`).
 *
 * @throws ApiError for a pattern that fits no operation, by the flag that gave it
 */
export function filterOperations(entries: readonly OperationEntry[], { include, exclude }: Filter): OperationEntry[] {
  const read = (flag: string, patterns: readonly string[]): Fits[] =>
    patterns.map((pattern) => {
      const fits = matcher(flag, pattern);
      if (!entries.some(fits))
        throw new ApiError(
          "filter_wrong",
          `${flag} ${JSON.stringify(pattern)} fits no operation of the API.${tagsOf(pattern, entries)}`,
        );
      return fits;
    });
  const wanted = read("--include", include);
  const unwanted = read("--exclude", exclude);
  return entries.filter(
    (entry) => (wanted.length === 0 || wanted.some((fits) => fits(entry))) && !unwanted.some((fits) => fits(entry)),
  );
}

function matcher(flag: string, pattern: string): Fits {
  const tag = /^tag:(.+)$/.exec(pattern)?.[1]?.toLowerCase();
  if (tag !== undefined) return ({ tags }) => tags.some((name) => name.toLowerCase() === tag);
  const [, method, glob] = /^(?:method:)?([A-Za-z]+)?(?:^|\s+|$)(?:path:)?(\/.*)?$/.exec(pattern) ?? [];
  if (method === undefined && glob === undefined)
    throw new ApiError(
      "filter_wrong",
      `${flag} ${JSON.stringify(pattern)} is not one of tag:<name>, a method, a path such as /orders/**, or both of these.`,
    );
  const path = glob === undefined ? undefined : globPattern(glob);
  return (entry) =>
    (method === undefined || entry.method === method.toUpperCase()) && (path === undefined || path(entry.path));
}

/** Whether a glob fits, in linear time but for the stars that it has. */
function globPattern(glob: string): (path: string) => boolean {
  const wanted = glob.split("/");
  const fits = (from: number, given: readonly string[], at: number): boolean => {
    const segment = wanted[from];
    if (segment === undefined) return at === given.length;
    if (segment === "**") {
      for (let rest = at; rest <= given.length; rest += 1) if (fits(from + 1, given, rest)) return true;
      return false;
    }
    return at < given.length && fitsSegment(segment, given[at] as string) && fits(from + 1, given, at + 1);
  };
  return (path) => fits(0, path.split("/"), 0);
}

function fitsSegment(pattern: string, segment: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return segment === start;
  const end = rest.pop() as string;
  if (!segment.startsWith(start) || segment.length < start.length + end.length || !segment.endsWith(end)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = segment.indexOf(part, at);
    if (found === -1 || found + part.length > segment.length - end.length) return false;
    at = found + part.length;
  }
  return true;
}

function tagsOf(pattern: string, entries: readonly OperationEntry[]): string {
  if (!pattern.startsWith("tag:")) return "";
  const tags = [...new Set(entries.flatMap((entry) => entry.tags))];
  return tags.length === 0 ? " None has a tag." : ` Tags are: ${tags.slice(0, 20).join(", ")}.`;
}
