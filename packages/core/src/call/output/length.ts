/**
 * Whether a value has more than so many characters, by its texts, bytes and members alone. Writing out a text of 50 MB
 * to measure it would end a small heap; this reads no text, and stops when it knows. What cannot be read is left to
 * who writes it out.
 */
export function isLonger(value: unknown, most: number): boolean {
  try {
    return roomAfter(value, most, []) < 0;
  } catch {
    // A getter that throws, or nesting without end: serialising says so.
    return false;
  }
}

/** What is left of `room` behind this value; below 0, it did not fit. `path`: the objects that it is within. */
function roomAfter(value: unknown, room: number, path: object[]): number {
  if (typeof value === "string") return room - value.length;
  if (typeof value !== "object" || value === null) return room - 1;
  if (ArrayBuffer.isView(value)) return room - value.byteLength;
  let left = room - 1;
  if ("toJSON" in value || path.includes(value)) return left;
  path.push(value);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && left >= 0; at += 1) left = roomAfter(value[at], left, path);
  } else {
    // No list of the members is made: most results are small, and it would be most of what this costs.
    for (const key in value) {
      if (left < 0) break;
      if (Object.hasOwn(value, key)) left = roomAfter((value as Record<string, unknown>)[key], left, path);
    }
  }
  path.pop();
  return left;
}
