import { ApiError } from "./domain/errors.ts";
import type { Field } from "./domain/openapi/inputs.ts";

/** How one operation becomes a tool. Everything but `operation` has a default from the description. */
export interface ToolEntry {
  /** The operation's id in the description. */
  operation: string;
  title?: string;
  description?: string;
  /** Input fields whose value is always this. A model does not see them. */
  fixed?: Record<string, unknown>;
  /** Keep only these fields of the answer: `id`, `customer.name`, `items[].id`. */
  fields?: readonly string[];
  /** Where an answer says how to ask for the next page: the field of the answer, and the input that takes it. */
  pages?: { next: string; input: string };
  /** How long an answer may be given again, in ms. Default: not at all. */
  cacheMs?: number;
  /** Time for one attempt, in ms, where it is to be less than the server's (`--request-timeout`). */
  timeoutMs?: number;
  /** May be sent twice without doing twice. Default: what its HTTP method promises. */
  idempotent?: boolean;
  /** The API honours an `Idempotency-Key` here, so it may be sent twice with one. Default: whether it is described. */
  keyed?: boolean;
}

/** How one operation becomes a resource. */
export interface ResourceEntry extends Pick<ToolEntry, "operation" | "title" | "description" | "fields" | "timeoutMs"> {
  /** The resource's URI; its variables are the operation's inputs: `order://{id}`. */
  uri: string;
  /** How long a client may keep it and the server may answer from its cache, in ms. Default: not at all. */
  cacheMs?: number;
}

/** What of an API a model gets, by name. What is named nowhere does not exist for it. */
export interface OperationMap {
  tools: Record<string, string | ToolEntry>;
  resources?: Record<string, ResourceEntry>;
}

/**
 * Holds the inputs that the map names under `name` against those an operation has.
 *
 * @throws ApiError for one it has not
 */
export function checkInputs(name: string, operation: string, fields: readonly Field[], named: Iterable<string>): void {
  const known = new Set(fields.map((field) => field.name));
  for (const input of named)
    if (!known.has(input))
      throw new ApiError(
        "map_wrong",
        `The map's ${name} names the input ${JSON.stringify(input)}, which ${operation} does not have. It has: ${[...known].join(", ") || "none"}.`,
      );
}
