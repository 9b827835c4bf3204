/**
 * The three errors that mean something here. Checks go by `Symbol.for`, so they survive two copies of this package in
 * one process (a bundled server beside a plugin, say).
 */

const toolErrorBrand = Symbol.for("offshoot.ToolError");
const protocolErrorBrand = Symbol.for("offshoot.ProtocolError");

/** What a {@link ToolError} may carry beside its text. */
export interface ToolErrorOptions {
  /** A stable word for programs, such as `"conflict"`. Reaches the client in `_meta`. */
  code?: string | undefined;
  /** Facts for programs, such as `{ currentVersion: 3 }`. Must be JSON. Reaches the client in `_meta`. */
  data?: Record<string, unknown> | undefined;
  /** How long the caller should wait before it tries again, in ms. */
  retryAfterMs?: number | undefined;
  /** What went wrong underneath. Logged, never shown. */
  cause?: unknown;
}

/** For an error without a text, which no model could act on. */
const UNEXPLAINED =
  "This failed, and the server does not say why. Look at what is there before you call again. (For its authors: an error needs a text that says what to do next.)";

/**
 * An expected failure. Its text reaches the model as written, so it says what to do next; anything else that a
 * handler throws is masked.
 */
export class ToolError extends Error {
  readonly [toolErrorBrand] = true;
  readonly code: string | undefined;
  readonly data: Record<string, unknown> | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ToolErrorOptions = {}) {
    super(
      typeof message === "string" && message.trim() !== "" ? message : UNEXPLAINED,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = "ToolError";
    this.code = options.code;
    this.data = options.data;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether a thrown value is a {@link ToolError}, from this copy of the package or another. */
export function isToolError(error: unknown): error is ToolError {
  return typeof error === "object" && error !== null && toolErrorBrand in error;
}

/**
 * Ends a handler with a {@link ToolError}; usable as an expression.
 *
 * @example notes.find(id) ?? fail(`No note "${id}". Call list_notes to see the ids.`)
 */
export function fail(message: string, options?: ToolErrorOptions): never {
  throw new ToolError(message, options);
}

/**
 * A definition that cannot be served. Thrown while the server is being put together, never while it serves; the
 * message names the culprit.
 */
export class DefinitionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DefinitionError";
  }
}

/** JSON-RPC codes that core itself answers with. */
export const ErrorCode = {
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  /** Too much work at once; `data.retryAfterMs` says when to come back. */
  overloaded: 4290,
  /** The caller lacks a scope; `data.required` names all that are needed. */
  forbidden: -32_003,
  /** The client did not declare what the tool needs of it; `data.requiredCapabilities` names it. */
  missingCapability: -32_021,
} as const;

/** A JSON-RPC error answer: for what is wrong with the request itself. Its text and data reach the client. */
export class ProtocolError extends Error {
  readonly [protocolErrorBrand] = true;
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.data = data;
  }
}

/** Whether a thrown value is a {@link ProtocolError}, from this copy of the package or another. */
export function isProtocolError(error: unknown): error is ProtocolError {
  return typeof error === "object" && error !== null && protocolErrorBrand in error;
}
