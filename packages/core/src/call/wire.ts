import type { Caller, ClientCapability, ClientInfo, Era, NotifyLevel } from "../contract/context.ts";

/** A question for the client, its user or its model, in the specification's words. */
export interface ClientRequest {
  method: "elicitation/create" | "sampling/createMessage" | "roots/list";
  params: Record<string, unknown>;
}

/** One request as a protocol binding hands it over: what the six stages know of the wire. */
export interface WireRequest {
  era: Era;
  /** As OpenTelemetry names it: `pipe` is stdio, `tcp` is HTTP. */
  transport: "pipe" | "tcp";
  caller: Caller;
  client: ClientInfo;
  /** Aborted when the client cancels or its connection ends. */
  signal: AbortSignal;
  /** Whether the client has cancelled, where the transport knows it before the signal does, or without one. */
  cancelled?: (() => boolean) | undefined;
  /** Has this told when the client cancels, once; `undefined` ends that. Absent: the signal says it. */
  onCancel?: ((listener: { cancel(): void } | undefined) => void) | undefined;
  /** The client's token for progress notifications, when it wants them. */
  progressToken?: string | number | undefined;
  /** What the client can be asked. */
  asks: Record<ClientCapability, boolean>;
  /** Sends a notification that belongs to this request. Must not throw. */
  notify(method: string, params: Record<string, unknown>): void;
  /** Sends a log message of the client's, if it asked for that level. Must not throw. */
  message(level: NotifyLevel, data: unknown): void;
  /** 2025 era: asks the client now and waits. */
  ask?: ((request: ClientRequest, signal: AbortSignal) => Promise<Record<string, unknown>>) | undefined;
  /** 2026 era: what a retry carries back. Attacker-controlled until verified. */
  answers?: Record<string, unknown> | undefined;
  requestState?: string | undefined;
  /** The request's `_meta`, which may carry a trace. As the client sent it. */
  meta?: Record<string, unknown> | undefined;
  requestId?: string | number | undefined;
  sessionId?: string | undefined;
  protocolVersion?: string | undefined;
  /** Resolves when the connection has taken enough of what was written to it. Absent: it never lags. */
  writable?: (() => Promise<void> | undefined) | undefined;
}

/** The wire of a request without a client to notify, to ask or to be cancelled by: local, of the 2026 era. */
export const quietWire = (changes: Partial<WireRequest> = {}): WireRequest => ({
  era: "2026",
  transport: "pipe",
  caller: { id: "local" },
  client: {},
  signal: new AbortController().signal,
  asks: { elicitation: false, sampling: false, roots: false },
  notify() {},
  message() {},
  ...changes,
});
