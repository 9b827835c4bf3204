/** JSON Schema 2020-12, references resolved. */
export type JsonSchema = { [keyword: string]: unknown };

/** Where a parameter of an operation travels. */
export type ParameterPlace = "path" | "query" | "querystring" | "header" | "cookie";

/** A parameter of an operation, as its description states it. */
export interface Parameter {
  name: string;
  in: ParameterPlace;
  required: boolean;
  description: string | undefined;
  schema: JsonSchema;
  /** How arrays and objects are written out: OpenAPI's `style` and `explode`, defaults filled in. */
  style: "simple" | "form" | "spaceDelimited" | "pipeDelimited" | "deepObject" | "label" | "matrix";
  explode: boolean;
  /** Reserved characters stand in the query as they are. */
  allowReserved?: boolean | undefined;
  /** The value is a text of this media type (OpenAPI's `content`), whatever the style. */
  contentType?: string | undefined;
  /** Of a form that is the whole query (OpenAPI's `querystring`). */
  encoding?: Readonly<Record<string, Encoding>> | undefined;
}

/** How one field of a form or a multipart body is written: OpenAPI's `encoding`, defaults filled in. */
export interface Encoding {
  contentType?: string | undefined;
  /** Only where the description names a style or `explode`. */
  style?: Parameter["style"] | undefined;
  explode: boolean;
}

/** What an operation takes or answers beside its parameters. */
export interface Body {
  contentType: string;
  schema: JsonSchema;
  encoding?: Readonly<Record<string, Encoding>> | undefined;
}

/** One operation of an API, read from its OpenAPI description. Plain data. */
export interface Operation {
  /** `operationId`, or method and path where the description names none. */
  id: string;
  method: "GET" | "HEAD" | "QUERY" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base URL, with its variables: `/orders/{id}`. */
  path: string;
  summary: string | undefined;
  description: string | undefined;
  tags: readonly string[];
  deprecated: boolean;
  parameters: readonly Parameter[];
  body: (Body & { required: boolean }) | undefined;
  /** Where it is, when that is not where the rest of the API is. */
  server?: string | undefined;
  /** The security schemes that it asks for: all of one of these lists. Default: whatever the server has. */
  schemes?: readonly (readonly string[])[] | undefined;
  /** Fields of the body that are credentials, and so the server's to set and not a model's. */
  withheld?: readonly string[] | undefined;
  /** The first successful answer that has a body. */
  reply: Body | undefined;
  /** The bodies of all successful answers, by status: `200`, `2XX`. */
  replies: readonly (Body & { status: string })[];
  /** What any of them may be: the first's schema where there is one. */
  anyReply: JsonSchema | undefined;
}

/** Whether a method only reads, by HTTP's own promise. */
export const isSafe = (method: Operation["method"]): boolean => ["GET", "HEAD", "QUERY"].includes(method);

/** An operation made into what goes over the wire, before credentials. */
export interface ApiRequest {
  operation: string;
  method: Operation["method"];
  /** Path below the base URL, its variables filled in and escaped. */
  path: string;
  /** Written in this order; a name may occur more than once. */
  query: readonly QueryPair[];
  headers: Readonly<Record<string, string>>;
  /** `text` is what is shown and compared; `bytes`, where there are any, what is sent in its place. */
  body: { contentType: string; text: string; bytes?: Uint8Array } | undefined;
  server?: string | undefined;
  schemes?: readonly (readonly string[])[] | undefined;
  /** Whose call it is, where callers have credentials of their own. */
  caller?: string | undefined;
}

/**
 * A name and a value of the query, and how the value is written where that is not simply escaped: `a,b` of a list
 * whose comma must stay one. Without a name it is the whole query, as it is written.
 */
export type QueryPair = readonly [name: string, value: string, written?: string];

/** What an API answered. */
export interface ApiReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  contentType: string | undefined;
  /** Parsed where it is JSON, text where it is text, otherwise bytes. */
  body: unknown;
  /** Decompressed size of the body. */
  bytes: number;
}
