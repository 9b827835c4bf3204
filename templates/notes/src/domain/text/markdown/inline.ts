import MarkdownIt from "markdown-it";
import { splitFrontMatter } from "../front-matter.ts";
import { type Prose, proseOf } from "./prose.ts";

/** A piece of prose that is neither code nor HTML. Offsets are of the whole text. */
export interface Mark {
  /** `[[Target]]`, `[label](destination)` or `#tag`. */
  type: "wiki" | "link" | "tag";
  /** What stands between the brackets, the destination, the tag without its sign. A bar in a table cell has no escape. */
  text: string;
  /** Where the wiki link, the destination or the tag begins and ends. */
  from: number;
  to: number;
}

type InlineState = InstanceType<typeof MarkdownIt.StateInline>;

interface Found {
  /** Offsets are of the prose. */
  marks: Mark[];
  /** How many brackets are open. */
  brackets: number;
  /** Where a closing sign stands for the last time. */
  last: Record<string, number>;
}

const foundIn = (state: InlineState): Found => state.env.found as Found;

const wikiLink = /\[\[([^[\]\p{Cc}]+)\]\]/uy;
const tag = /#([\p{L}\p{N}\p{M}\p{Emoji}_\-/]+)/uy;
const notDigits = /[^\p{N}]/u;

function wiki(state: InlineState): boolean {
  wikiLink.lastIndex = state.pos;
  const match = state.src[state.pos] === "[" ? wikiLink.exec(state.src) : null;
  if (match === null) return false;
  foundIn(state).marks.push({ type: "wiki", text: match[1] ?? "", from: state.pos, to: wikiLink.lastIndex });
  state.pos = wikiLink.lastIndex;
  return true;
}

function hashTag(state: InlineState): boolean {
  if (state.src[state.pos] !== "#" || !/^\s?$/.test(state.src[state.pos - 1] ?? "")) return false;
  tag.lastIndex = state.pos;
  const text = tag.exec(state.src)?.[1];
  if (text === undefined || !notDigits.test(text)) return false;
  foundIn(state).marks.push({ type: "tag", text, from: state.pos, to: tag.lastIndex });
  state.pos = tag.lastIndex;
  return true;
}

/** Brackets are counted and not searched for their partners, which would take a walk through the text for each. */
function bracket(state: InlineState): boolean {
  const here = foundIn(state);
  if (state.src[state.pos] === "[") here.brackets++;
  else if (state.src[state.pos] === "]" && here.brackets > 0) {
    here.brackets--;
    if (state.src[state.pos + 1] === "(") {
      const from = pastBlanks(state.src, state.pos + 2);
      const destination = state.md.helpers.parseLinkDestination(state.src, from, state.posMax);
      const end = destination.ok ? closing(state, destination.pos) : undefined;
      if (end !== undefined) {
        here.marks.push({ type: "link", text: state.src.slice(from, destination.pos), from, to: destination.pos });
        state.pos = end;
        return true;
      }
    }
  } else return false;
  state.pos++;
  return true;
}

/** Past the bracket that closes a destination, or the title after it. */
function closing(state: InlineState, from: number): number | undefined {
  const at = pastBlanks(state.src, from);
  if (state.src[at] === ")") return at + 1;
  const title = at > from ? state.md.helpers.parseLinkTitle(state.src, at, state.posMax) : undefined;
  const end = title?.ok ? pastBlanks(state.src, title.pos) : at;
  return state.src[end] === ")" ? end + 1 : undefined;
}

function pastBlanks(text: string, from: number): number {
  let at = from;
  while (/[ \t\n]/.test(text[at] ?? "")) at++;
  return at;
}

/** An opening that nothing closes is text. Without this, each of a million would be followed to the end. */
function isUnclosed(state: InlineState): boolean {
  if (state.src[state.pos] !== "<" || !/[!?]/.test(state.src[state.pos + 1] ?? "")) return false;
  const closing = state.src.startsWith("<!--", state.pos) ? "-->" : state.src[state.pos + 1] === "?" ? "?>" : ">";
  const { last } = foundIn(state);
  last[closing] ??= state.src.lastIndexOf(closing);
  if (last[closing] > state.pos) return false;
  state.pos++;
  return true;
}

function createParser() {
  const parser = new MarkdownIt("commonmark", { html: true });
  parser.inline.ruler.enableOnly(["text", "newline", "escape", "backticks", "autolink", "html_inline", "entity"]);
  parser.inline.ruler2.enableOnly([]);
  parser.inline.ruler.before("html_inline", "unclosed", isUnclosed);
  parser.inline.ruler.after("autolink", "wiki", wiki);
  parser.inline.ruler.after("wiki", "bracket", bracket);
  parser.inline.ruler.after("bracket", "tag", hashTag);
  return parser;
}

let parser: ReturnType<typeof createParser> | undefined;

const mayHoldMarks = (text: string): boolean => text.includes("[[") || text.includes("](") || text.includes("#");

/** The wiki links, links and tags of a body in their order, front matter left out. */
export function marksIn(body: string): Mark[] {
  if (!mayHoldMarks(body)) return [];
  const { front, rest } = splitFrontMatter(body);
  const skipped = front.length + (front === "" && rest.startsWith("\ufeff") ? 1 : 0);
  const marks: Mark[] = [];
  for (const prose of proseOf(body.slice(skipped), mayHoldMarks)) {
    for (const mark of marksOf(prose)) marks.push({ ...mark, from: mark.from + skipped, to: mark.to + skipped });
  }
  return marks;
}

function marksOf({ content, offsetOf }: Prose): Mark[] {
  parser ??= createParser();
  const found: Found = { marks: [], brackets: 0, last: {} };
  parser.inline.parse(content, parser, { found }, []);
  return found.marks.map((mark) => ({ ...mark, from: offsetOf(mark.from), to: offsetOf(mark.to - 1) + 1 }));
}
