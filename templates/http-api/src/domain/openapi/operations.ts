import { ApiError } from "../errors.ts";
import type { Body, Operation } from "../operation.ts";
import { preferredType } from "../request/body-kind.ts";
import { bodiesOf, type MediaType } from "./bodies.ts";
import { parametersOf } from "./parameters.ts";
import { type Flaw, FlawError, inside, objectAt, type Pointer } from "./pointer.ts";
import type { Document } from "./read.ts";
import { standAlone } from "./schemas.ts";
import { checkVariables, type ServerVariables, serverUrl } from "./servers.ts";
import { isCredential, type Scheme, schemesOf } from "./withheld.ts";

const METHODS = ["get", "head", "post", "put", "patch", "delete", "query"] as const;

/** What a list of operations needs to know of each: its schemas are read when it is asked for. */
export type OperationEntry = Pick<
  Operation,
  "id" | "method" | "path" | "summary" | "description" | "tags" | "deprecated"
>;

/** The operations of an API. */
export interface Operations {
  readonly entries: readonly OperationEntry[];
  /** What of the description cannot be used, and was left out or mended. */
  readonly flaws: readonly Flaw[];
  /**
   * One operation with its schemas.
   *
   * @param bodyType of several media types of the body, the one to take. Default: by rule, JSON first
   * @throws ApiError for an id that is not there, or a type that it does not take
   */
  get(id: string, bodyType?: string): Operation;
  /** Where else than below the base URL operations are. */
  readonly servers: readonly string[];
}

type Json = Record<string, unknown>;

interface Found {
  entry: OperationEntry;
  item: Json;
  node: Json;
  pointer: Pointer;
  itemPointer: Pointer;
}

/**
 * Lists the operations of a document. One that cannot be used is left out, named in `flaws`; the rest is served. A large
 * document has thousands, so each is read in full only when it is asked for.
 */
export function listOperations(document: Document, variables: ServerVariables = {}): Operations {
  const flaws: Flaw[] = [];
  const attempt = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof FlawError)) throw error;
      flaws.push({ ...error.flaw, reason: `${error.flaw.reason}: left out` });
    }
  };
  const found = new Map<string, Found>();
  for (const [path, node] of Object.entries(document.paths ?? {})) {
    const at = inside("#/paths", path);
    if (path.startsWith("x-")) continue;
    attempt(() => {
      const item = objectAt(document, node, at);
      for (const method of METHODS)
        if (Object.hasOwn(item, method))
          attempt(() =>
            add(document, found, flaws, variables, {
              path,
              method,
              item,
              itemPointer: at,
              pointer: inside(at, method),
            }),
          );
    });
  }
  const schemes = schemesOf(document);
  const all = [...found.values()];
  checkVariables([document.servers, ...all.flatMap(({ item, node }) => [item.servers, node.servers])], variables);
  const servers = [...found.values()].flatMap(
    ({ item, node }) => serverUrl(node.servers ?? item.servers, variables) ?? [],
  );
  return {
    entries: [...found.values()].map(({ entry }) => entry),
    flaws,
    servers: [...new Set(servers)],
    get(id, bodyType) {
      const one = found.get(id);
      if (one === undefined) throw new ApiError("unknown_operation", `The API has no operation ${JSON.stringify(id)}.`);
      return readOperation(document, one, { schemes, variables, bodyType });
    },
  };
}

function add(
  document: Document,
  found: Map<string, Found>,
  flaws: Flaw[],
  variables: ServerVariables,
  { path, method, item, pointer, itemPointer }: Omit<Found, "entry" | "node"> & { path: string; method: string },
): void {
  const node = objectAt(document, item[method], pointer);
  const named = typeof node.operationId === "string" && node.operationId !== "" ? node.operationId : undefined;
  const byPlace = `${method} ${path}`;
  if (named !== undefined && found.has(named))
    flaws.push({
      pointer: inside(pointer, "operationId"),
      reason: `another operation is called ${JSON.stringify(named)} too: this one is known as ${JSON.stringify(byPlace)}`,
    });
  const id = named === undefined || found.has(named) ? byPlace : named;
  const entry = entryOf(id, method, path, node);
  const server = serverUrl(node.servers ?? item.servers, variables);
  if (server !== undefined && (server.includes("{") || !URL.canParse(server, "https://base.invalid")))
    throw new FlawError(inside(pointer, "servers"), `the server ${JSON.stringify(server.slice(0, 100))} is no URL`);
  // Whether it can be used shows at the start; its schemas are read with the first look at it.
  parametersOf(document, { item, itemPointer, node, pointer, path });
  bodiesOf(document, node, pointer);
  repliesOf(document, node, pointer);
  found.set(id, { entry, item, node, pointer, itemPointer });
}

interface Reading {
  schemes: readonly Scheme[];
  variables: ServerVariables;
  bodyType: string | undefined;
}

function readOperation(
  document: Document,
  { entry, item, node, pointer, itemPointer }: Found,
  { schemes, variables, bodyType }: Reading,
): Operation {
  const asked = alternativesOf(node.security ?? document.security);
  // What an operation without security is asked for is no credential of ours, but what looks like one of the API's is.
  const applying = schemes.filter(
    ({ key, type }) => type === "apiKey" || asked === undefined || asked.flat().includes(key),
  );
  const parameters = parametersOf(document, { item, itemPointer, node, pointer, path: entry.path })
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
    schemes: asked,
  };
}

/** Which schemes an operation asks for: any one of the lists. `undefined` where the description does not say. */
function alternativesOf(security: unknown): string[][] | undefined {
  if (!Array.isArray(security)) return undefined;
  return security.flatMap((one) => (typeof one === "object" && one !== null ? [Object.keys(one)] : []));
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;

const entryOf = (id: string, method: string, path: string, node: Json): OperationEntry => ({
  id,
  method: method.toUpperCase() as Operation["method"],
  path,
  summary: text(node.summary),
  description: text(node.description),
  tags: Array.isArray(node.tags) ? node.tags.map(String) : [],
  deprecated: node.deprecated === true,
});

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
function repliesOf(document: Document, node: Json, pointer: Pointer): [status: string, reply: Json][] {
  if (node.responses === undefined) return [];
  const at = inside(pointer, "responses");
  return Object.entries(objectAt(document, node.responses, at))
    .filter(([status]) => !status.startsWith("x-"))
    .map(([status, found]): [string, Json] => [status, objectAt(document, found, inside(at, status))])
    .sort(([a], [b]) => a.localeCompare(b));
}
