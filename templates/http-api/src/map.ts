import { ApiError } from "./domain/errors.ts";
import type { Field } from "./domain/openapi/inputs/flat-inputs.ts";

/**
 * What happens to an answer that is not as the description promises: it is an error with the answer in it, it is given
 * with a warning, or nobody looks.
 */
export type Replies = "strict" | "warn" | "off";

/** How one operation becomes a tool. Everything but `operation` has a default from the description. */
export interface ToolEntry {
  /** The operation's id in the description. */
  operation: string;
  title?: string;
  description?: string;
  /** Input fields whose value is always this. A model does not see them. */
  fixed?: Record<string, unknown>;
  /** Headers and query values that are sent with every call, beside the inputs. */
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** Of several media types of the body, the one to send. Default: JSON, merge-patch, form, multipart or text. */
  body?: string;
  /** Sends the defaults of optional parameters too. Default: those of required ones and of headers. */
  sendDefaults?: boolean;
  /** Keep only these fields of the answer: `id`, `customer.name`, `items[].id`. */
  fields?: readonly string[];
  /**
   * Where an answer says how to ask for the next page: the field of the answer, and the input that takes it. `Link
   * rel=next` for APIs that say it in that header: the input is then what it has in the link's query.
   */
  pages?: { next: string; input: string };
  /** Default: the server's (`--replies`). */
  replies?: Replies;
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
  /** Sent with every request of the server. `env:NAME` and `file:/path` are secrets and treated as such. */
  headers?: Record<string, string>;
  query?: Record<string, string>;
}

/**
 * Checks the inputs that the map names under `name` against those an operation has.
 *
 * @throws ApiError for one it does not have
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
