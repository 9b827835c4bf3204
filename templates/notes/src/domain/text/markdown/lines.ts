/** Offset of the first character of each line, and the end of the text as the last. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  const returns = text.includes("\r");
  for (let at = nextEnd(text, 0, returns); at !== -1; at = nextEnd(text, at, returns)) starts.push(at);
  if (starts.at(-1) !== text.length) starts.push(text.length);
  return starts;
}

/** Past the next "\n", "\r\n" or "\r". */
function nextEnd(text: string, from: number, returns: boolean): number {
  if (!returns) return text.indexOf("\n", from) + 1 || -1;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) return at + 1;
    if (code === 13) return text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1;
  }
  return -1;
}

/** The line an offset is in. */
export function lineAt(starts: number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
