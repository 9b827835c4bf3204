/** JSON Schema 2020-12, references resolved. */
export type JsonSchema = { [keyword: string]: unknown };

/** Where a parameter of an operation travels. */
export type ParameterPlace = "path" | "query" | "header" | "cookie";

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
}

/** What an operation takes or answers beside its parameters. */
export interface Body {
  contentType: string;
  schema: JsonSchema;
}

/** One operation of an API, read from its OpenAPI description. Plain data. */
export interface Operation {
  /** `operationId`, or method and path where the description names none. */
  id: string;
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base URL, with its variables: `/orders/{id}`. */
  path: string;
  summary: string | undefined;
  description: string | undefined;
  tags: readonly string[];
  deprecated: boolean;
  parameters: readonly Parameter[];
  body: (Body & { required: boolean }) | undefined;
  /** The first successful answer that has a body. */
  reply: Body | undefined;
}

/** Whether a method only reads, by HTTP's own promise. */
export const isSafe = (method: Operation["method"]): boolean => method === "GET" || method === "HEAD";

/** An operation made into what goes over the wire, before credentials. */
export interface ApiRequest {
  operation: string;
  method: Operation["method"];
  /** Path below the base URL, its variables filled in and escaped. */
  path: string;
  /** Written in this order; a name may occur more than once. */
  query: readonly (readonly [name: string, value: string])[];
  headers: Readonly<Record<string, string>>;
  body: { contentType: string; text: string } | undefined;
}

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
