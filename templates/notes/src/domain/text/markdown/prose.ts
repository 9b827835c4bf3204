import { cellsOf } from "./cells.ts";
import { lineAt, lineStarts } from "./lines.ts";
import { type BlockToken, createBlockParser, SelectiveState } from "./parser.ts";

/** Text of a paragraph, a heading or a table cell, in which links and code are not told apart yet. */
export interface Prose {
  content: string;
  /** Where in the whole text the character at `index` of the content stands. */
  offsetOf: (index: number) => number;
}

/** What stands around a piece of prose: only the parser knows it, and only while it is in the piece's container. */
interface Place {
  /** The signs before a heading. */
  markup: string;
  /** Where each line of the content begins, quote and list marks left out. */
  starts: number[];
  /** For a table cell: its place in the row, and the row. */
  cell?: { index: number; row: () => number[][] };
}

const places = new WeakMap<BlockToken, Place>();

class ProseState extends SelectiveState {
  #opening: BlockToken | undefined;
  #row: BlockToken | undefined;
  #cell: Place["cell"];

  protected keeps(type: string) {
    return type === "inline";
  }

  override push(type: string, tag: string, nesting: -1 | 0 | 1): BlockToken {
    const token = super.push(type, tag, nesting);
    if (type === "tr_open") {
      this.#row = token;
      this.#cell = undefined;
      // The row's map is set after this, on a token that the next one shares.
      this.#row = new this.Token(type, tag, nesting);
      return this.#row;
    }
    if (type !== "inline") {
      this.#opening = token;
      return token;
    }
    const isCell = tag === "" && this.parentType === "table";
    const [from, to] = (isCell ? this.#row?.map : this.#opening?.map) ?? [0, 0];
    const starts: number[] = [];
    for (let line = from; line < to; line++) starts.push((this.bMarks[line] ?? 0) + (this.tShift[line] ?? 0));
    const place: Place = { markup: isCell ? "" : (this.#opening?.markup ?? ""), starts };
    if (isCell) {
      const end = this.eMarks[from] ?? this.src.length;
      let cells: number[][] | undefined;
      const row = this.#cell?.row ?? (() => (cells ??= cellsOf(this.src, starts[0] ?? 0, end)));
      place.cell = this.#cell = { index: (this.#cell?.index ?? -1) + 1, row };
    }
    places.set(token, place);
    return token;
  }
}

let parse: ReturnType<typeof createBlockParser> | undefined;

/** The prose of a text in its order, where `wanted` says that it is of use. */
export function* proseOf(text: string, wanted: (content: string) => boolean): Generator<Prose> {
  parse ??= createBlockParser(ProseState);
  const { tokens, source } = parse(text);
  for (const token of tokens) {
    const place = places.get(token);
    if (place === undefined || !wanted(token.content)) continue;
    const locate = locator(source.text, token.content, place);
    yield { content: token.content, offsetOf: (index) => source.given(locate(index)) };
  }
}

function locator(source: string, content: string, { markup, starts, cell }: Place): (index: number) => number {
  if (cell) return (index) => cell.row()[cell.index]?.[index] ?? 0;
  const lines = lineStarts(content);
  return (index) => {
    const line = lineAt(lines, index);
    const begin = lines[line] ?? 0;
    let start = starts[line] ?? 0;
    if (markup.startsWith("#")) start = pastBlanks(source, start + markup.length);
    // The parser has taken the blanks off the first line of a paragraph, and left them on the others.
    return start + index - (line === 0 ? 0 : pastBlanks(content, begin));
  };
}

function pastBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}
