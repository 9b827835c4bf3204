import type { Bump } from "../contract/change.ts";

/** Exactly a version, as semver.org writes it: nothing a shell or npm reads otherwise. */
const VERSION =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][\w-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\w-]*))*)?(?:\+[\w-]+(?:\.[\w-]+)*)?$/;

/** Whether this is a version, and nothing else. */
export const isVersion = (text: unknown): text is string =>
  typeof text === "string" && text.length <= 256 && !text.includes("_") && VERSION.test(text);

/** Whether this can be a version or a tag on the registry. */
export const isVersionOrTag = (text: string): boolean => isVersion(text) || /^[a-z][a-z\d.-]{0,63}$/i.test(text);

/** Whether a version is later than another, by the order of semantic versioning. */
export function newer(one: string, other: string): boolean {
  const [left, right] = [one, other].map(parts) as [Parts, Parts];
  for (const [index, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // A release comes after its own candidates.
  if (left.tag === "" || right.tag === "") return left.tag === "" && right.tag !== "";
  return left.tag.localeCompare(right.tag, "en", { numeric: true }) > 0;
}

/** The step from one version to another; `none` where it is not later. */
export function stepBetween(before: string, after: string): Bump {
  if (!newer(after, before)) return "none";
  const [old, now] = [parts(before).numbers, parts(after).numbers];
  return (["major", "minor"] as const).find((_, at) => old[at] !== now[at]) ?? "patch";
}

interface Parts {
  numbers: number[];
  tag: string;
}

function parts(version: string): Parts {
  const [, numbers = "", tag = ""] = /^v?([\d.]+)(?:-([^+]*))?/.exec(version) ?? [];
  return { numbers: numbers.split(".").map(Number), tag };
}
