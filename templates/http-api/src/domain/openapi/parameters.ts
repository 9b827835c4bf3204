import type { Parameter, ParameterPlace } from "../operation.ts";
import { encodingsOf } from "./bodies.ts";
import type { Document } from "./document/document.ts";
import { type Flaw, FlawError, inside, objectAt, type Pointer } from "./document/pointer.ts";

type Json = Record<string, unknown>;

/** A parameter, and its schema as it stands in the document. */
export type FoundParameter = Omit<Parameter, "schema"> & { described: unknown };

const PLACES = new Set(["path", "query", "querystring", "header", "cookie"]);
const STYLES = new Set(["simple", "form", "spaceDelimited", "pipeDelimited", "deepObject", "label", "matrix"]);

/** A parameter's identity in OpenAPI; headers have no case. */
const placeOf = ({ in: place, name }: Pick<Parameter, "in" | "name">): string =>
  `${place} ${place === "header" ? name.toLowerCase() : name}`;

/**
 * An operation's parameters: those of its path, with its own in their place where both name one. Each variable of the
 * path is one, whether the description says so or not; what is said to be in the path and is not, is none. One that
 * cannot be read and may be left out is left out, and added to `flaws`.
 *
 * @throws FlawError for one that cannot be read and may not be left out
 */
export function parametersOf(
  document: Document,
  {
    item,
    itemPointer,
    node,
    pointer,
    path,
    flaws,
  }: { item: Json; itemPointer: Pointer; node: Json; pointer: Pointer; path: string; flaws?: Flaw[] },
): FoundParameter[] {
  const byPlace = new Map<string, FoundParameter>();
  for (const [list, at] of [
    [item.parameters, inside(itemPointer, "parameters")],
    [node.parameters, inside(pointer, "parameters")],
  ] as const) {
    if (list === undefined || list === null) continue;
    if (!Array.isArray(list)) throw new FlawError(at, "it is no list");
    for (const [n, found] of list.entries()) {
      const described = describedAt(document, found, inside(at, n), flaws);
      if (described === undefined) continue;
      try {
        const parameter = parameterOf(described, inside(at, n));
        byPlace.set(placeOf(parameter), parameter);
      } catch (error) {
        if (!(error instanceof FlawError) || described.required === true || described.in === "path") throw error;
        flaws?.push({ ...error.flaw, reason: `${error.flaw.reason}: the parameter is left out` });
      }
    }
  }
  checkQuery([...byPlace.values()], pointer);
  const variables = new Set([...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name as string));
  const known = [...byPlace.values()].filter(({ in: place, name }) => place !== "path" || variables.has(name));
  const named = new Set(known.flatMap(({ in: place, name }) => (place === "path" ? [name] : [])));
  const unnamed = [...variables].filter((name) => !named.has(name));
  return [...unnamed.map((name) => parameterOf({ name, in: "path", schema: { type: "string" } }, pointer)), ...known];
}

/** @throws FlawError for a reference that leads nowhere: what it was to say may be needed */
function describedAt(document: Document, found: unknown, at: Pointer, flaws: Flaw[] | undefined): Json | undefined {
  if (typeof found === "object" && found !== null && !Array.isArray(found)) return objectAt(document, found, at);
  flaws?.push({ pointer: at, reason: "it is no parameter: left out" });
  return undefined;
}

/** @throws FlawError where two would write the whole query, or one beside others */
function checkQuery(parameters: readonly FoundParameter[], pointer: Pointer): void {
  const whole = parameters.filter(({ in: place }) => place === "querystring");
  if (whole.length > 1 || (whole.length === 1 && parameters.some(({ in: place }) => place === "query")))
    throw new FlawError(
      inside(pointer, "parameters"),
      "a querystring parameter is the whole query, and has others beside it",
    );
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
  if (place === "querystring" && contentType === undefined)
    throw new FlawError(inside(pointer, "content"), "a querystring parameter needs the media type of its content");
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
    encoding: encodingsOf((media as Json | undefined)?.encoding),
  };
}
