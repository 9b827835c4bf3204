/** What goes wrong that a user can mend: the message says how, and is shown as it is. */
export class ApiError extends Error {
  /** A stable word for programs. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
  }
}

/** What came of a request that has no usable answer. */
export interface UpstreamFacts {
  /** HTTP status, where an answer began. */
  status?: number;
  /** The `Retry-After` header as it came. */
  retryAfter?: string | undefined;
  /** What the API said of the failure, cut and without secrets. */
  detail?: string;
  /** Surely not carried out: it was refused here, or no byte of it left. Default false. */
  notSent?: boolean;
  cause?: unknown;
}

/** The API did not answer, not in time, not properly, or with a status that is no success. Says nothing secret. */
export class UpstreamError extends ApiError {
  readonly facts: UpstreamFacts;

  constructor(code: string, message: string, facts: UpstreamFacts = {}) {
    super(code, message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "UpstreamError";
    this.facts = facts;
  }
}
