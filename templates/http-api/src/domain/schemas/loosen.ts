import type { JsonSchema } from "../operation.ts";
import { IN_PLACE, inner } from "./keywords.ts";

/**
 * Makes schemas accept at least what they would accept if nothing in them had been left out. A part that accepts more
 * makes most of what is around it accept more. A few keywords turn more into less, and these go: `oneOf` becomes `anyOf`,
 * `not` and `if` are dropped, and so are `unevaluatedProperties` and `unevaluatedItems`.
 *
 * @param schemas changed in place; they share nothing
 * @param loose nodes that accept more than was meant. All that become so are added
 * @param target what a reference refers to
 */
export function loosen(
  schemas: Iterable<JsonSchema>,
  loose: Set<object>,
  target: (reference: string) => JsonSchema | undefined,
): void {
  const around = new Map<object, { parent: JsonSchema; keyword: string }[]>();
  const waiting: object[] = [];
  const stands = (child: object, parent: JsonSchema, keyword: string): void => {
    const known = around.get(child);
    if (known === undefined) around.set(child, [{ parent, keyword }]);
    else known.push({ parent, keyword });
    if (loose.has(child)) waiting.push(child);
  };
  const open = [...schemas];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (loose.has(node)) waiting.push(node);
    const referred = typeof node.$ref === "string" ? target(node.$ref) : undefined;
    if (referred !== undefined) stands(referred, node, "$ref");
    for (const [keyword, child] of inner(node)) {
      stands(child, node, keyword);
      open.push(child);
    }
  }
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop())
    for (const { parent, keyword } of around.get(node) ?? []) {
      openUp(parent, keyword);
      if (loose.has(parent)) continue;
      loose.add(parent);
      waiting.push(parent);
    }
}

/** Drops what would refuse more values once the part under this keyword accepts more. */
function openUp(node: JsonSchema, keyword: string): void {
  if (keyword === "not") delete node.not;
  if (keyword === "if") for (const part of ["if", "then", "else"]) delete node[part];
  if (keyword === "contains") delete node.maxContains;
  if (keyword === "oneOf" && node.oneOf !== undefined) anyOfThem(node);
  // A part that was cut evaluates fewer properties, so more would count as unevaluated.
  if (IN_PLACE.has(keyword)) leaveOver(node);
}

/** `oneOf` becomes `anyOf`. */
function anyOfThem(node: JsonSchema): void {
  const { oneOf } = node;
  delete node.oneOf;
  if (node.anyOf === undefined) node.anyOf = oneOf;
  else node.allOf = [...((node.allOf as unknown[] | undefined) ?? []), { anyOf: oneOf }];
}

/** Unevaluated properties and items are no longer refused. */
export function leaveOver(node: JsonSchema): void {
  delete node.unevaluatedProperties;
  delete node.unevaluatedItems;
}

/** Keywords that decide what another keyword applies to, and those others: without the first, the others would refuse more. */
const TOGETHER: Record<string, readonly string[] | undefined> = {
  properties: ["additionalProperties"],
  patternProperties: ["additionalProperties"],
  prefixItems: ["items"],
  if: ["then", "else"],
  // `contains` alone demands one match; `minContains: 0` demanded none.
  minContains: ["contains"],
};

/** Drops what would refuse more values now that these keywords are gone. */
export function leaveAside(node: JsonSchema, keywords: readonly string[]): void {
  for (const keyword of keywords) for (const other of TOGETHER[keyword] ?? []) delete node[other];
  leaveOver(node);
}
