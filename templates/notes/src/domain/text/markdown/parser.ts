import MarkdownIt from "markdown-it";
import { readFootnote } from "./footnote.ts";
import { lineAt, lineStarts } from "./lines.ts";

export type BlockToken = InstanceType<typeof MarkdownIt.Token>;

type BlockState = InstanceType<typeof MarkdownIt.StateBlock>;

/**
 * The block pass of a CommonMark parser with GFM's tables and footnotes, which takes time in proportion to the text whatever it holds:
 * inlines are read only where they are needed. `State` decides which tokens are kept.
 */
export function createBlockParser<State extends BlockState>(
  State: new (...given: ConstructorParameters<typeof MarkdownIt.StateBlock>) => State,
): (text: string) => { tokens: BlockToken[]; source: Source } {
  const parser = new MarkdownIt("commonmark", { maxNesting: 100 });
  parser.enable("table");
  const interrupts = ["paragraph", "reference", "blockquote", "list"];
  parser.block.ruler.before("reference", "footnote", readFootnote, { alt: interrupts });
  parser.core.ruler.enableOnly("block");
  parser.block.State = State;
  return (text) => {
    const source = sourceOf(text);
    return { tokens: parser.parse(source.text, {}), source };
  };
}

/** A text as the parser reads it. */
export interface Source {
  text: string;
  /** Offset at which a line of the given text begins. */
  lineStart: (line: number) => number;
  /** The offset in the given text of one in this. */
  given: (offset: number) => number;
}

function sourceOf(given: string): Source {
  const text = given.replace(/\r\n?/g, "\n").replaceAll("\0", "\ufffd");
  const lines = lineStarts(given);
  const own = text.length === given.length ? lines : lineStarts(text);
  return {
    text,
    lineStart: (line) => lines[line] ?? given.length,
    given: (offset) => {
      if (own === lines) return offset;
      const line = lineAt(own, offset);
      return (lines[line] ?? 0) + offset - (own[line] ?? 0);
    },
  };
}

/** Keeps a token only where `keeps` says so: a table of half a million cells would be as many objects else. */
export abstract class SelectiveState extends MarkdownIt.StateBlock {
  readonly #unkept = new this.Token("", "", 0);

  protected abstract keeps(type: string): boolean;

  override push(type: string, tag: string, nesting: -1 | 0 | 1): BlockToken {
    if (this.keeps(type)) return super.push(type, tag, nesting);
    this.level += nesting;
    this.#unkept.map = null;
    this.#unkept.markup = "";
    return this.#unkept;
  }
}
