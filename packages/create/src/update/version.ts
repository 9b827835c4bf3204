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

interface Parts {
  numbers: number[];
  tag: string;
}

function parts(version: string): Parts {
  const [, numbers = "", tag = ""] = /^v?([\d.]+)(?:-([^+]*))?/.exec(version) ?? [];
  return { numbers: numbers.split(".").map(Number), tag };
}
