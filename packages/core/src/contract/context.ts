import type { z } from "zod";

/** The protocol's two eras: with `initialize` and sessions (to 2025-11-25), and without (2026-07-28). */
export type Era = "2025" | "2026";

/** Who is calling. On stdio and on HTTP without authentication this is one anonymous, unrestricted caller. */
export interface Caller {
  /** Stable id of the principal; `"local"` where nobody authenticates. */
  id: string;
  /** Scopes granted. `undefined` means unrestricted: nothing authenticates here. */
  scopes?: readonly string[] | undefined;
  /** How it is known. `undefined`: nobody authenticates, or the server's own `authenticate` does. */
  method?: "oauth" | "key" | "proxy" | undefined;
  /** Who vouches for the id: the authorization server. */
  issuer?: string | undefined;
  /** The OAuth client that calls for this principal. */
  client?: string | undefined;
  /** When its token or key ends, in ms since 1970. Streams end then. @default never */
  expiresAt?: number | undefined;
}

/**
 * What tells one caller from all others, as a text: an id of another issuer is someone else, and so is another client of
 * the same person where something was begun by one of them (a session, a question).
 */
export const identityOf = ({ id, issuer, client }: Caller): string =>
  issuer === undefined && client === undefined ? id : JSON.stringify([issuer, id, client]);

/** What the client says of itself. Claims, never a ground for a decision. */
export interface ClientInfo {
  name?: string | undefined;
  version?: string | undefined;
  /** Extensions of the protocol that it speaks, by id, with what it says of each. */
  extensions?: Record<string, Record<string, unknown>> | undefined;
}

/** Severity of a message to the client, as in the specification's logging. */
export type NotifyLevel = "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";

/** The user's answer to {@link CallContext.elicit}. */
export type ElicitAnswer<Content> =
  | { action: "accept"; content: Content }
  /** The user refused. */
  | { action: "decline" }
  /** The user closed the question without an answer. */
  | { action: "cancel" }
  /** This client cannot ask its user. Decide what is safe. */
  | { action: "unavailable" };

/** What the client's model answered to {@link CallContext.sample}. */
export type SampleAnswer =
  | { action: "answered"; role: string; model: string; content: unknown }
  | { action: "unavailable" };

/** What the client answered to {@link CallContext.roots}. */
export type RootsAnswer =
  | { action: "answered"; roots: { uri: string; name?: string | undefined }[] }
  | { action: "unavailable" };

/** What a client may be able to do for a server, in the words of its `capabilities`. */
export type ClientCapability = "elicitation" | "sampling" | "roots";

/** Structured logging to stderr; values are scrubbed of secrets before they are written. */
export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** The second argument of every handler: the call, with both SDKs hidden. */
export interface CallContext {
  /** Aborted when the client cancels or leaves, or the deadline passes. Its `reason` says which. */
  readonly signal: AbortSignal;
  /** The time this call has, over everything the handler does. */
  readonly deadline: { /** Time left in ms, never below 0. */ remainingMs(): number };
  readonly caller: Caller;
  /** The folders that the policy lets this caller work in; `undefined` for all that the server has. Empty: none. */
  readonly callerRoots: readonly string[] | undefined;
  readonly client: ClientInfo;
  readonly era: Era;
  /** Names this call in the log, and in the masked error that a client sees. */
  readonly correlationId: string;
  readonly log: Logger;
  /**
   * Tells the client how far the work is. Does nothing when the client did not ask for progress.
   * Never rely on its arrival: some clients drop progress that comes just before the result.
   */
  progress(done: number, total?: number, message?: string): void;
  /** Sends the client a log message, if it asked for that level. Deprecated by the 2026 revision; prefer `log`. */
  notify(level: NotifyLevel, data: unknown): void;
  /**
   * Asks the user, once. **The handler then runs again from its top** with the answer in place, in both eras, so
   * nothing irreversible may stand above the question. An answer belongs to its question: one whose text or schema
   * has changed on the next run is asked again. `Promise.all([call.elicit(…), call.elicit(…)])` asks several together.
   *
   * @param question.key names the question to clients of the 2026 era. Default `q0`, `q1`, … in the order asked
   * @param question.schema a flat z.object of strings, numbers, booleans, choices (z.enum, or a union of literals with
   * a title each) and arrays of choices, each described
   */
  elicit<Schema extends z.ZodObject>(question: {
    key?: string | undefined;
    message: string;
    schema: Schema;
  }): Promise<ElicitAnswer<z.output<Schema>>>;
  /**
   * Asks the client's model, once; the handler re-runs as with {@link CallContext.elicit}.
   *
   * @deprecated The 2026-07-28 revision deprecates sampling. Call a model's API yourself.
   */
  sample(request: { messages: unknown[]; maxTokens: number; systemPrompt?: string | undefined }): Promise<SampleAnswer>;
  /**
   * Asks the client which folders its user works in; the handler re-runs as with {@link CallContext.elicit}.
   *
   * @deprecated The 2026-07-28 revision deprecates roots. Take folders from the server's own settings.
   */
  roots(): Promise<RootsAnswer>;
}
