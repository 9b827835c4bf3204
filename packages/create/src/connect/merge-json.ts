import { isDeepStrictEqual } from "node:util";
import { createScanner, getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

/** Far more than any configuration has; the parser calls itself for each level. */
const MAX_DEPTH = 200;

/**
 * A JSON text, comments and trailing commas allowed, with a value at `[key, name]`. Only what is added or replaced is
 * written: jsonc-parser's own `modify` lays out the whole line around it again, and takes a minute for ten thousand members.
 *
 * @throws Error that says in words why the text is left alone
 */
export function mergeJson(text: string, [key, name]: readonly [string, string], value: object): string {
  const bom = text.startsWith("\ufeff") ? "\ufeff" : "";
  const own = text.slice(bom.length);
  const before = own.trim() === "" ? "{}\n" : own;
  const root = read(before);
  const servers = memberOf(root, key);
  if (servers === undefined) return bom + add(before, root, key, { [name]: value });
  if (servers.value.type !== "object") throw new Error(`"${key}" is not an object`);
  const server = memberOf(servers.value, name);
  if (server === undefined) return bom + add(before, servers.value, name, value);
  if (isDeepStrictEqual(getNodeValue(server.value), value)) return text;
  const { offset, length } = server.value;
  return (
    bom + before.slice(0, offset) + written(before, value, indentAt(before, server.at)) + before.slice(offset + length)
  );
}

function read(text: string): Node {
  if (isDeeper(text)) throw new Error(`it is nested more than ${MAX_DEPTH} levels deep`);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error)
    throw new Error(`${printParseErrorCode(error.error)} in line ${text.slice(0, error.offset).split("\n").length}`);
  if (root?.type !== "object") throw new Error("it is not an object");
  return root;
}

function isDeeper(text: string): boolean {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text[scanner.getTokenOffset()] as string;
    depth += "{[".includes(first) ? 1 : "}]".includes(first) ? -1 : 0;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** A member of an object: where it begins, and its value. @throws Error for a key that is there twice */
function memberOf({ children = [] }: Node, key: string): { at: number; value: Node } | undefined {
  const found = children.filter(({ children: [name] = [] }) => name?.value === key);
  if (found.length > 1) throw new Error(`"${key}" is there twice, and clients differ in which one they take`);
  const [{ offset = 0, children: [, value] = [] } = {}] = found;
  return value && { at: offset, value };
}

/** Puts one member more behind the others of an object, on a line of its own where they have some. */
function add(text: string, { offset, length, children = [], parent }: Node, key: string, value: object): string {
  const last = children.at(-1);
  const { step, end } = styleOf(text);
  if (last === undefined) {
    const outer = parent === undefined ? "" : indentAt(text, parent.offset);
    const inside = text.slice(offset + 1, offset + length - 1);
    const rest = inside.trim() === "" ? "" : inside;
    const after = rest === "" && outer !== undefined ? end + outer : rest;
    const begin = outer === undefined ? "" : end + outer + step;
    const member = memberText(text, key, value, outer === undefined ? undefined : outer + step);
    return text.slice(0, offset + 1) + begin + member + after + text.slice(offset + length - 1);
  }
  const indent = indentAt(text, last.offset);
  const behind = last.offset + last.length;
  const comma = commaBehind(text, behind);
  const from = comma ?? behind;
  const line = indent === undefined ? "" : restOfLine(text.slice(from));
  const member = (indent === undefined ? "" : end + indent) + memberText(text, key, value, indent);
  return [
    text.slice(0, behind),
    comma === undefined ? "," : text.slice(behind, comma),
    line,
    member,
    comma === undefined ? "" : ",",
    text.slice(from + line.length),
  ].join("");
}

const memberText = (text: string, key: string, value: object, indent: string | undefined): string =>
  `${JSON.stringify(key)}:${indent === undefined ? "" : " "}${written(text, value, indent)}`;

/** A value in lines below its first, or in one line where there is no indent. */
function written(text: string, value: object, indent: string | undefined): string {
  if (indent === undefined) return JSON.stringify(value);
  const { step, end } = styleOf(text);
  return JSON.stringify(value, null, step)
    .split("\n")
    .join(end + indent);
}

const styleOf = (text: string): { step: string; end: string } => ({
  step: /[\r\n]([ \t]+)\S/.exec(text)?.[1] ?? "  ",
  end: text.includes("\r\n") ? "\r\n" : "\n",
});

/** The blanks before a place when nothing else is before it in its line; `undefined` when something is. */
function indentAt(text: string, at: number): string | undefined {
  let begin = at;
  while (begin > 0 && /[ \t]/.test(text[begin - 1] as string)) begin -= 1;
  return begin === 0 || /[\r\n]/.test(text[begin - 1] as string) ? text.slice(begin, at) : undefined;
}

/** Where a comma ends that follows a place, comments and blanks between them not counted. */
function commaBehind(text: string, at: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(at);
  scanner.scan();
  return text[scanner.getTokenOffset()] === "," ? scanner.getTokenOffset() + 1 : undefined;
}

/** The comment that still belongs to what is before it; nothing when more follows in the line. */
const restOfLine = (text: string): string =>
  /^[ \t]*(?:\/\/[^\r\n]*|\/\*(?:(?!\*\/)[^\r\n])*\*\/[ \t]*)?(?=[\r\n])/.exec(text)?.[0] ?? "";
