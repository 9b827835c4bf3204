import { ApiError } from "../errors.ts";
import type { Body, Operation } from "../operation.ts";
import { preferredType } from "../request/body-kind.ts";
import { bodiesOf, type MediaType } from "./bodies.ts";
import type { Document } from "./document/document.ts";
import { inside, objectAt, type Pointer } from "./document/pointer.ts";
import { isCredential, type Scheme } from "./inputs/withheld.ts";
import { parametersOf } from "./parameters.ts";
import { standAlone } from "./schemas.ts";
import { type ServerVariables, serverUrl } from "./servers.ts";

type Json = Record<string, unknown>;

/** What a list of operations needs to know of each: its schemas are read when it is asked for. */
export type OperationEntry = Pick<
  Operation,
  "id" | "method" | "path" | "summary" | "description" | "tags" | "deprecated"
>;

/** An operation in its document. */
export interface Found {
  entry: OperationEntry;
  item: Json;
  node: Json;
  pointer: Pointer;
  itemPointer: Pointer;
}

export interface Reading {
  schemes: readonly Scheme[];
  variables: ServerVariables;
  bodyType: string | undefined;
}

/** An operation with its schemas. */
export function readOperation(
  document: Document,
  { entry, item, node, pointer, itemPointer }: Found,
  { schemes, variables, bodyType }: Reading,
): Operation {
  const asked = alternativesOf(node.security ?? document.security);
  // What an operation without security is asked for is no credential of ours, but what looks like one of the API's is.
  const applying = schemes.filter(
    ({ key, type }) => type === "apiKey" || asked === undefined || asked.flat().includes(key),
  );
  const listed = parametersOf(document, { item, itemPointer, node, pointer, path: entry.path });
  const parameters = listed
    .filter(({ in: place, name, description }) => !isCredential(applying, { place, name, description }))
    .map(({ described, ...parameter }) => ({ ...parameter, schema: standAlone(document, described, "request") }));
  const body = bodyOf(document, node, pointer, bodyType);
  const raw = body === undefined ? undefined : bodiesOf(document, node, pointer)?.types[body.contentType]?.schema;
  const isOurs = (name: string, description: unknown) =>
    isCredential(applying, {
      place: "body",
      name,
      description: typeof description === "string" ? description : undefined,
    });
  return {
    ...entry,
    parameters,
    body,
    withheld: withheldOf(document, raw, isOurs),
    ...successesOf(document, node, pointer),
    server: serverUrl(node.servers ?? item.servers, variables),
    schemes: withListed(asked, schemes, listed),
  };
}

/**
 * The alternatives, each with the API keys that the operation lists as parameters: it wants those too, whatever its
 * security says. Trello names its key and its token as one or the other, and lists both.
 */
function withListed(
  asked: string[][] | undefined,
  schemes: readonly Scheme[],
  listed: readonly { in: string; name: string }[],
): string[][] | undefined {
  const keys = schemes.filter(
    ({ type, in: place, name = "" }) =>
      type === "apiKey" && listed.some((one) => one.in === place && one.name.toLowerCase() === name.toLowerCase()),
  );
  if (asked === undefined || keys.length === 0) return asked;
  const also = keys.map(({ key }) => key);
  return (asked.length === 0 ? [[]] : asked).map((schemes) => [...new Set([...schemes, ...also])]);
}

/** Which schemes an operation asks for: any one of the lists. `undefined` where the description does not say. */
function alternativesOf(security: unknown): string[][] | undefined {
  if (!Array.isArray(security)) return undefined;
  return security.flatMap((one) => (typeof one === "object" && one !== null ? [Object.keys(one)] : []));
}

function bodyOf(document: Document, node: Json, pointer: Pointer, wanted: string | undefined): Operation["body"] {
  const found = bodiesOf(document, node, pointer);
  const types = Object.keys(found?.types ?? {});
  if (wanted !== undefined && !types.includes(wanted))
    throw new ApiError(
      "map_wrong",
      `The map names the body ${wanted}, which ${JSON.stringify(node.operationId ?? pointer)} does not take. It takes: ${types.join(", ") || "none"}.`,
    );
  const contentType = wanted ?? preferredType(types);
  if (found === undefined || contentType === undefined) return undefined;
  const { schema, encoding } = found.types[contentType] as MediaType;
  return { contentType, encoding, required: found.required, schema: standAlone(document, schema, "request") };
}

/** Fields of a body that are credentials. */
function withheldOf(
  document: Document,
  schema: unknown,
  isOurs: (name: string, description: unknown) => boolean,
): string[] {
  try {
    const { properties } = objectAt(document, schema ?? {}, "");
    return Object.entries((properties ?? {}) as Json)
      .filter(([name, item]) => isOurs(name, (item as Json | null)?.description))
      .map(([name]) => name);
  } catch {
    // A schema that is broken here is mended where it is read.
    return [];
  }
}

/** What the successful answers hold. Each status has a schema of its own. */
function successesOf(
  document: Document,
  node: Json,
  pointer: Pointer,
): Pick<Operation, "reply" | "replies" | "anyReply"> {
  const replies: (Body & { status: string })[] = [];
  const schemas: unknown[] = [];
  for (const [status, found] of repliesOf(document, node, pointer)) {
    if (!/^2(\d\d|XX)$/i.test(status)) continue;
    const content = (found.content ?? {}) as Record<string, Json | null>;
    const contentType = preferredType(Object.keys(content));
    if (contentType === undefined) continue;
    const raw = content[contentType]?.schema;
    if (!schemas.includes(raw)) schemas.push(raw);
    replies.push({ status: status.toUpperCase(), contentType, schema: standAlone(document, raw, "reply") });
  }
  const [reply] = replies;
  const anyReply =
    schemas.length > 1 && !schemas.includes(undefined)
      ? standAlone(document, { anyOf: schemas }, "reply")
      : schemas.length > 1
        ? {}
        : reply?.schema;
  return { reply, replies, anyReply };
}

/** The answers of an operation by status, in order. @throws FlawError for what is none */
export function repliesOf(document: Document, node: Json, pointer: Pointer): [status: string, reply: Json][] {
  if (node.responses === undefined) return [];
  const at = inside(pointer, "responses");
  return (
    Object.entries(objectAt(document, node.responses, at))
      .filter(([status]) => !status.startsWith("x-"))
      .map(([status, found]): [string, Json] => [status, objectAt(document, found, inside(at, status))])
      // Not localeCompare, whose first use loads the rules of a language: a tenth of a start.
      .sort(([a], [b]) => (a < b ? -1 : 1))
  );
}
