export const lineEndOf = (body: string): string => (body.includes("\r\n") ? "\r\n" : "\n");

export const endLine = (text: string, lineEnd: string): string =>
  text === "" || /[\r\n]$/.test(text) ? text : text + lineEnd;

/** Two texts with a line end between them where one is missing. */
export const joinLines = (first: string, second: string, lineEnd: string): string =>
  second === "" ? first : endLine(first, lineEnd) + second;

/** A line of "=" or "-" makes a heading of the paragraph above it. */
const underline = /^(?: {0,3}>)*[ \t]*(?:=+|-+)[ \t]*(?:[\r\n]|$)/;

/** Puts a text below another one, with a blank line between where the two would run into one heading. */
export function joinBlocks(first: string, second: string, lineEnd: string): string {
  const joined = joinLines(first, second, lineEnd);
  if (!underline.test(second) || first.trim() === "" || /(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)$/.test(first)) return joined;
  return joinLines(first, `${lineEnd}${second}`, lineEnd);
}
