/** Longer ones are text: a line of dashes opens no other block that ends this late. */
const longest = 65_536;

/** Front matter with its marks, a byte order mark before it and the line end after it; both texts together are the whole. */
export function splitFrontMatter(text: string): { front: string; rest: string } {
  const opening = /^\uFEFF?---[ \t]*(?:\r\n?|\n)/.exec(text)?.[0];
  if (opening === undefined) return { front: "", rest: text };
  const closing = /^---[ \t]*(?:\r\n?|\n|$)/gm;
  closing.lastIndex = opening.length;
  const end = closing.exec(text.slice(0, longest + 10));
  if (end === null || end.index > longest) return { front: "", rest: text };
  const at = end.index + end[0].length;
  return { front: text.slice(0, at), rest: text.slice(at) };
}
