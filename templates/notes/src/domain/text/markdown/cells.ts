/** The cells of a table row as the offsets of their characters: a "\|" of the row is one "|" of its cell. */
export function cellsOf(text: string, from: number, to: number): number[][] {
  const blank = (at: number) => /\s/.test(text[at] ?? "");
  let end = to;
  while (end > from && blank(end - 1)) end--;
  const cells: number[][] = [];
  let cell: number[] = [];
  let escaped = false;
  for (let at = from; at < end; at++) {
    const character = text[at];
    if (character === "|" && !escaped) {
      cells.push(cell);
      cell = [];
    } else {
      if (character === "|") cell.pop();
      cell.push(at);
    }
    escaped = character === "\\";
  }
  cells.push(cell);
  if (cells[0]?.length === 0) cells.shift(); // the row begins with a bar
  return cells.map((characters) => characters.slice(characters.findIndex((at) => !blank(at))));
}
