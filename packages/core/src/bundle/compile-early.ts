import { type AnyNode, type Property, parse } from "acorn";

/** Where a function begins and ends in its file, as V8 counts it: `120-348`. */
export type Span = `${number}-${number}`;

/**
 * A file in which V8 compiles functions as it loads the file. It compiles others when they are first called, so they are
 * not in a compile cache, which is made as a file is loaded; and parsing them was a sixth of a start. What stands in
 * parentheses is compiled at once. A declaration at the top becomes a variable and goes first, which is where it is made
 * in any case.
 *
 * @param ran the functions that a start runs
 * @throws SyntaxError for what is no module
 */
export function compileEarly(source: string, ran: ReadonlySet<Span>): string {
  const program = parse(source, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  const [first] = program.body;
  if (first === undefined) return source;
  const opening = new Map<number, string>();
  const closing = new Map<number, string>();
  const wrap = (start: number, end: number, open = "("): void => {
    opening.set(start, `${opening.get(start) ?? ""}${open}`);
    closing.set(end, `)${closing.get(end) ?? ""}`);
  };
  const runs = ({ start, end }: { start: number; end: number }): boolean => ran.has(`${start}-${end}`);
  visit(program, (node) => {
    if ((node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression") && runs(node))
      wrap(node.start, node.end);
    if (node.type !== "Property" || !node.method || !runs(node)) return;
    const { start, end } = node.value;
    if (isPlain(node, source.slice(start, end))) wrap(start, end, ":(function");
  });
  const edges = [...new Set([...opening.keys(), ...closing.keys()])].sort((a, b) => a - b);
  let next = 0;
  /** The source between two places that come after those of the call before, with what is put in. */
  const write = (from: number, to: number): string => {
    let text = "";
    let at = from;
    for (; next < edges.length && ((edges[next] as number) < to || to === source.length); next += 1) {
      const edge = edges[next] as number;
      text += `${source.slice(at, edge)}${closing.get(edge) ?? ""}${opening.get(edge) ?? ""}`;
      at = edge;
    }
    return text + source.slice(at, to);
  };
  const variables: string[] = [];
  let rest = "";
  let at = 0;
  for (const node of program.body) {
    if (node.type !== "FunctionDeclaration" || !runs(node)) continue;
    rest += write(at, node.start);
    const kind = `${node.async ? "async " : ""}function${node.generator ? "*" : ""}`;
    variables.push(`${node.id.name}=(${kind}${write(node.id.end, node.end)})`);
    at = node.end;
  }
  rest += write(at, source.length);
  if (variables.length === 0) return rest;
  // Before the first statement there is nothing to change, and a first line for shells has to stay the first.
  return `${source.slice(0, first.start)}var ${variables.join(",")};${rest.slice(first.start)}`;
}

/** Whether a method is the same as a function that is a property: `super` is only in a method, `__proto__` is no name. */
function isPlain({ key, computed, value }: Property, text: string): boolean {
  if (computed || value.type !== "FunctionExpression" || value.async || value.generator) return false;
  return !/\bsuper\b/.test(text) && ("name" in key ? key.name : "value" in key && key.value) !== "__proto__";
}

function visit(node: unknown, look: (node: AnyNode) => void): void {
  if (Array.isArray(node)) for (const inner of node) visit(inner, look);
  else if (typeof node === "object" && node !== null && "type" in node) {
    look(node as AnyNode);
    for (const inner of Object.values(node)) visit(inner, look);
  }
}
