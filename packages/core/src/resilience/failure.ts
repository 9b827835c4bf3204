const brand = Symbol.for("offshoot.DependencyError");

/** What a failed attempt means for what comes next. */
export interface Failure {
  /** Whether asking again may help. @default `false` */
  retryable?: boolean | undefined;
  /** The dependency asked to be left alone: longer pauses, and the limit falls. @default `false` */
  throttled?: boolean | undefined;
  /** It took too long. Like `throttled`, it lets the limit fall. @default `false` */
  timedOut?: boolean | undefined;
  /** How long the dependency asked to wait, in ms. Taken as a hint: at most 5 s are added to the computed pause. */
  retryAfterMs?: number | undefined;
  /** The HTTP status, where it answered with one: the message says so instead of calling it silent. */
  status?: number | undefined;
  /**
   * Whether the work was certainly not done; matters for calls that change something.
   *
   * @default `"failed"` when throttled (it was refused), otherwise `"unknown"`
   */
  outcome?: "failed" | "unknown" | undefined;
  /**
   * The caller asked for what cannot be (a 404, a 422): the dependency is well. It is not retried, does not count
   * against the dependency, has no fallback, and reaches the handler as it was thrown.
   *
   * @default `false`
   */
  callersFault?: boolean | undefined;
}

/** A failure of something outside the process that says what it means. */
export class DependencyError extends Error {
  readonly [brand] = true;
  readonly failure: Failure;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;

  constructor(message: string, failure: Failure, { cause }: { cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DependencyError";
    this.failure = failure;
    this.status = failure.status;
  }
}

/** Rejected here, before the dependency was asked: by the breaker or the limit. */
export class Refused extends DependencyError {
  constructor(message: string, retryAfterMs: number) {
    super(message, { outcome: "failed", retryAfterMs });
    this.name = "Refused";
  }
}

/** Whether a thrown value is a {@link DependencyError}, from this copy of the package or another. */
export function isDependencyError(error: unknown): error is DependencyError {
  return typeof error === "object" && error !== null && brand in error;
}

/**
 * Marks an error as one that may pass: `throw transient(error)` in an attempt has it tried again, where that is safe.
 *
 * @example throw transient(error, { throttled: true, retryAfterMs: 2_000 });
 */
export function transient(cause: unknown, failure: Failure = {}): DependencyError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DependencyError(message, { retryable: true, ...failure }, { cause });
}

/**
 * The error for an HTTP status that is not success: 408, 425, 429 and 5xx may pass, the rest of 4xx is the caller's
 * fault.
 *
 * @param retryAfter the `Retry-After` header as it came, seconds or a date. What cannot be read counts as absent
 * @example if (!response.ok) throw statusError(response.status, response.headers.get("retry-after"));
 */
export function statusError(status: number, retryAfter?: string | null): DependencyError {
  const throttled = status === 429 || status === 503;
  const retryable = throttled || status === 408 || status === 425 || (status >= 500 && status !== 501);
  const callersFault = status >= 400 && status < 500 && !retryable;
  return new DependencyError(`HTTP status ${status}`, {
    retryable,
    throttled,
    callersFault,
    retryAfterMs: retryAfterMs(retryAfter),
    status,
  });
}

/**
 * A `Retry-After` header in ms: seconds, or a date. What is neither does no harm, as a hint is clamped where it is
 * used.
 */
function retryAfterMs(header: string | null | undefined): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

// Names that Node and undici give to errors of the network. The first group fails before a byte of the request is out.
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const CUT_OFF = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
]);
const TIMED_OUT = new Set(["ETIMEDOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/**
 * What an error says by itself: a {@link DependencyError} or an error of the network, by its code or that of a cause
 * (`fetch` hides them there).
 *
 * @returns `undefined` for any other error
 */
export function failureOf(error: unknown): Failure | undefined {
  for (let at = error, depth = 0; typeof at === "object" && at !== null && depth < 4; depth += 1) {
    if (isDependencyError(at)) return at.failure;
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    if (NOT_SENT.has(code as string)) return { retryable: true, outcome: "failed" };
    if (TIMED_OUT.has(code as string)) return { retryable: true, timedOut: true };
    if (CUT_OFF.has(code as string)) return { retryable: true };
    at = cause;
  }
  return undefined;
}
