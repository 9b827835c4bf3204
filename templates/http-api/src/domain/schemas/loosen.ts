import type { JsonSchema } from "../operation.ts";
import { IN_PLACE, inner } from "./keywords.ts";

/**
 * Makes schemas accept at least what they would accept if nothing in them had been left out. A part that accepts more
 * makes most of what is around it accept more; a few keywords turn more into less, and these go: of one of several any
 * will do, what must not fit is not looked at, and what is left over is not refused.
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

/** Takes out of a schema what would refuse more because a part of it, under this keyword, accepts more. */
function openUp(node: JsonSchema, keyword: string): void {
  if (keyword === "not") delete node.not;
  if (keyword === "if") for (const part of ["if", "then", "else"]) delete node[part];
  if (keyword === "contains") delete node.maxContains;
  if (keyword === "oneOf" && node.oneOf !== undefined) anyOfThem(node);
  // What is left over depends on what the parts have looked at: one that was cut looks at less.
  if (IN_PLACE.has(keyword)) leaveOver(node);
}

/** One of these becomes any of these. */
function anyOfThem(node: JsonSchema): void {
  const { oneOf } = node;
  delete node.oneOf;
  if (node.anyOf === undefined) node.anyOf = oneOf;
  else node.allOf = [...((node.allOf as unknown[] | undefined) ?? []), { anyOf: oneOf }];
}

/** What no part has looked at is no longer judged. */
export function leaveOver(node: JsonSchema): void {
  delete node.unevaluatedProperties;
  delete node.unevaluatedItems;
}

/** Keywords that say what is left to others, and those that then go with them. */
const TOGETHER: Record<string, readonly string[] | undefined> = {
  properties: ["additionalProperties"],
  patternProperties: ["additionalProperties"],
  prefixItems: ["items"],
  if: ["then", "else"],
  // Without a number of its own, one has to be there.
  minContains: ["contains"],
};

/** Takes out of a schema what would refuse more because these keywords of it are no longer there. */
export function leaveAside(node: JsonSchema, keywords: readonly string[]): void {
  for (const keyword of keywords) for (const other of TOGETHER[keyword] ?? []) delete node[other];
  leaveOver(node);
}
