/**
 * Whether a value has more than so many characters, by its texts, bytes and members alone. Writing out a text of 50 MB
 * to measure it would end a small heap; this reads no text, and stops when it knows. What cannot be read is left to
 * who writes it out.
 */
export function isLonger(value: unknown, most: number): boolean {
  let length = 0;
  const path: object[] = [];
  const visit = (part: unknown): void => {
    length += typeof part === "string" ? part.length : ArrayBuffer.isView(part) ? part.byteLength : 1;
    if (length > most || typeof part !== "object" || part === null || ArrayBuffer.isView(part)) return;
    if ("toJSON" in part || path.includes(part)) return;
    path.push(part);
    for (const member of Object.values(part)) visit(member);
    path.pop();
  };
  try {
    visit(value);
  } catch {
    // A getter that throws, or nesting without end: serialising says so.
  }
  return length > most;
}
