import { splitFrontMatter } from "../front-matter.ts";
import { type BlockToken, createBlockParser, SelectiveState } from "./parser.ts";

export interface Heading {
  /** 1 to 6. */
  rank: number;
  /** As it is written, on one line. */
  title: string;
  /** How many quotes, list items and footnotes it is in. */
  depth: number;
  /** Offset of its first line. */
  from: number;
  /** Where the text under it begins. */
  to: number;
  /** Where its section ends: at the next heading of its rank or a higher one, or with the quote, list item or footnote it is in. */
  end: number;
}

/** The headings of a text in their order, also those in quotes, list items and footnotes, and a line for each block. */
export interface Outline {
  headings: Heading[];
  /** Kind and offset of every block. */
  blocks: { kind: string; from: number }[];
}

const opens = (type: string) => /^(?:blockquote|list_item|footnote)_open$/.test(type);
const closes = (type: string) => /^(?:blockquote|list_item|footnote)_close$/.test(type);

class OutlineState extends SelectiveState {
  #previous = "";

  protected keeps(type: string) {
    const kept = this.level === 0 || opens(type) || closes(type) || type === "heading_open";
    const content = type === "inline" && this.#previous === "heading_open";
    this.#previous = type;
    return content || (kept && type !== "inline");
  }
}

interface Container {
  end: number;
  /** The headings that a next one may end. */
  open: Heading[];
}

let parse: ReturnType<typeof createBlockParser> | undefined;

/** The outline of a note's body. Front matter holds no headings, though its lines look like one. */
export function outlineOf(body: string): Outline {
  const { front, rest } = splitFrontMatter(body);
  const skipped = front.length + (front === "" && rest.startsWith("\ufeff") ? 1 : 0);
  const { headings, blocks } = outline(body.slice(skipped));
  const move = <Part extends { from: number }>(part: Part) => ({ ...part, from: part.from + skipped });
  return {
    headings: headings.map((heading) => ({ ...move(heading), to: heading.to + skipped, end: heading.end + skipped })),
    blocks: blocks.map(move),
  };
}

function outline(text: string): Outline {
  parse ??= createBlockParser(OutlineState);
  const { tokens, source } = parse(text);
  const headings: Heading[] = [];
  const blocks: Outline["blocks"] = [];
  const containers: Container[] = [{ end: text.length, open: [] }];
  for (const [index, token] of tokens.entries()) {
    const container = containers.at(-1);
    if (container === undefined) break;
    if (token.map && token.level === 0) blocks.push({ kind: token.type, from: source.lineStart(token.map[0]) });
    if (opens(token.type)) containers.push({ end: endOf(token.map ?? [0, 0], text, source.lineStart), open: [] });
    else if (closes(token.type)) containers.pop();
    else if (token.type === "heading_open") {
      const heading = headingOf(token, tokens[index + 1]?.content ?? "", source.lineStart);
      while ((container.open.at(-1)?.rank ?? 0) >= heading.rank) {
        const ended = container.open.pop();
        if (ended) ended.end = heading.from;
      }
      container.open.push(heading);
      headings.push(Object.assign(heading, { depth: containers.length - 1, end: container.end }));
    }
  }
  return { headings, blocks };
}

/** Where a container ends. The parser counts blank lines after a list item to it. */
function endOf([from, to]: [number, number], text: string, offset: (line: number) => number): number {
  let line = to;
  while (line > from && text.slice(offset(line - 1), offset(line)).trim() === "") line--;
  return offset(line);
}

function headingOf({ tag, map }: BlockToken, content: string, offset: (line: number) => number): Heading {
  const [from, to] = [offset(map?.[0] ?? 0), offset(map?.[1] ?? 0)];
  const title = content.replace(/\s+/g, " ").trim();
  return { rank: Number(tag.slice(1)), title, depth: 0, from, to, end: to };
}
