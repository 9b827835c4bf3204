import type MarkdownIt from "markdown-it";

/** `[^label]:` and the blanks behind it. */
export const footnoteLabel = /\[\^(?:\\.|[^\s[\]\\]){1,999}\]:[ \t]*/;
const here = new RegExp(footnoteLabel, "y");

/** How far the lines of a footnote after its first are indented. */
export const FOOTNOTE_INDENT = 4;

/** A footnote's definition holds blocks, as a list item does. */
export function readFootnote(
  state: InstanceType<typeof MarkdownIt.StateBlock>,
  line: number,
  endLine: number,
  silent: boolean,
): boolean {
  const [mark = 0, shift = 0, count = 0] = [state.bMarks[line], state.tShift[line], state.sCount[line]];
  if (count - state.blkIndent >= 4 || !state.src.startsWith("[^", mark + shift)) return false;
  here.lastIndex = mark + shift;
  if (!here.test(state.src) || here.lastIndex > (state.eMarks[line] ?? 0)) return false;
  if (silent) return true;
  const map: [number, number] = [line, 0];
  state.push("footnote_open", "", 1).map = map;
  const { parentType } = state;
  // As a list item, because footnotes are no type of the parser's own.
  state.parentType = "list";
  state.blkIndent += FOOTNOTE_INDENT;
  [state.bMarks[line], state.tShift[line], state.sCount[line]] = [here.lastIndex, 0, state.blkIndent];
  state.md.block.tokenize(state, line, endLine);
  [state.bMarks[line], state.tShift[line], state.sCount[line]] = [mark, shift, count];
  state.blkIndent -= FOOTNOTE_INDENT;
  state.parentType = parentType;
  map[1] = state.line;
  state.push("footnote_close", "", -1);
  return true;
}
