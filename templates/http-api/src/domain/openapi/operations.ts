import { ApiError } from "../errors.ts";
import type { Operation } from "../operation.ts";
import { bodiesOf } from "./bodies.ts";
import type { Document } from "./document/document.ts";
import { type Flaw, FlawError, inside, objectAt } from "./document/pointer.ts";
import { schemesOf } from "./inputs/withheld.ts";
import { parametersOf } from "./parameters.ts";
import { type Found, type OperationEntry, readOperation, repliesOf } from "./read-operation.ts";
import { checkVariables, type ServerVariables, serverUrl } from "./servers.ts";

const METHODS = ["get", "head", "post", "put", "patch", "delete", "query"] as const;

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
  parametersOf(document, { item, itemPointer, node, pointer, path, flaws });
  bodiesOf(document, node, pointer, flaws);
  repliesOf(document, node, pointer);
  found.set(id, { entry, item, node, pointer, itemPointer });
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
