import type { Parameter, ParameterPlace } from "../operation.ts";
import type { Document } from "./document/document.ts";
import { FlawError, inside, objectAt, type Pointer } from "./document/pointer.ts";

type Json = Record<string, unknown>;

/** A parameter, and its schema as it stands in the document. */
export type FoundParameter = Omit<Parameter, "schema"> & { described: unknown };

const PLACES = new Set(["path", "query", "header", "cookie"]);
const STYLES = new Set(["simple", "form", "spaceDelimited", "pipeDelimited", "deepObject", "label", "matrix"]);

/** A parameter's identity in OpenAPI; headers have no case. */
const placed = ({ in: place, name }: Pick<Parameter, "in" | "name">): string =>
  `${place} ${place === "header" ? name.toLowerCase() : name}`;

/**
 * An operation's parameters: those of its path, with its own in their place where both name one. Each variable of the
 * path is one, whether the description says so or not; what is said to be in the path and is not, is none.
 *
 * @throws FlawError for one that cannot be read
 */
export function parametersOf(
  document: Document,
  {
    item,
    itemPointer,
    node,
    pointer,
    path,
  }: { item: Json; itemPointer: Pointer; node: Json; pointer: Pointer; path: string },
): FoundParameter[] {
  const byPlace = new Map<string, FoundParameter>();
  for (const [list, at] of [
    [item.parameters, inside(itemPointer, "parameters")],
    [node.parameters, inside(pointer, "parameters")],
  ] as const) {
    if (list === undefined || list === null) continue;
    if (!Array.isArray(list)) throw new FlawError(at, "it is no list");
    for (const [n, found] of list.entries()) {
      const parameter = parameterOf(objectAt(document, found, inside(at, n)), inside(at, n));
      byPlace.set(placed(parameter), parameter);
    }
  }
  const variables = new Set([...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name as string));
  const known = [...byPlace.values()].filter(({ in: place, name }) => place !== "path" || variables.has(name));
  const named = new Set(known.flatMap(({ in: place, name }) => (place === "path" ? [name] : [])));
  const unnamed = [...variables].filter((name) => !named.has(name));
  return [...unnamed.map((name) => parameterOf({ name, in: "path", schema: { type: "string" } }, pointer)), ...known];
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;

function parameterOf(node: Json, pointer: Pointer): FoundParameter {
  const { name, in: place } = node;
  if (typeof name !== "string" || name === "") throw new FlawError(inside(pointer, "name"), "a parameter has no name");
  if (typeof place !== "string" || !PLACES.has(place))
    throw new FlawError(
      inside(pointer, "in"),
      `a parameter in ${JSON.stringify(place)?.slice(0, 40)} is not understood`,
    );
  const usual = place === "query" || place === "cookie" ? "form" : "simple";
  const style = typeof node.style === "string" && STYLES.has(node.style) ? (node.style as Parameter["style"]) : usual;
  // A parameter may be described by a media type instead; its value is that type's text then.
  const [contentType, media] = node.schema === undefined ? (Object.entries((node.content ?? {}) as Json)[0] ?? []) : [];
  return {
    name,
    in: place as ParameterPlace,
    required: node.required === true || place === "path",
    description: text(node.description),
    described: node.schema ?? (media as Json | undefined)?.schema,
    style,
    explode: typeof node.explode === "boolean" ? node.explode : style === "form",
    allowReserved: node.allowReserved === true,
    contentType,
  };
}
