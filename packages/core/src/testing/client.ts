import type { CallToolResult } from "@modelcontextprotocol/client";
import type { Era } from "../contract/context.ts";

/** The four ways a client can reach a server. */
export const WIRES = ["stdio-2025", "stdio-2026", "http-2025", "http-2026"] as const;
/** Transport and protocol era. */
export type Wire = (typeof WIRES)[number];

/** An answer of the user or of the client's model, as the specification shapes it. */
export type Reply = Record<string, unknown>;

/** How the client behaves. */
export interface ClientBehaviour {
  /** Answers `elicitation/create`. Without it, the client says that it cannot ask its user. */
  onElicit?: ((params: Record<string, unknown>) => Reply | Promise<Reply>) | undefined;
  /** Answers `sampling/createMessage`. Without it, the client says that it has no model. */
  onSample?: ((params: Record<string, unknown>) => Reply | Promise<Reply>) | undefined;
  /** Extensions of the protocol that the client says it speaks. */
  extensions?: Record<string, Record<string, unknown>> | undefined;
  /** Hears every notification of the server: `notifications/resources/updated`, … */
  onNotification?: ((method: string, params: Record<string, unknown>) => void) | undefined;
}

/** Options of a single call. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  onProgress?:
    | ((progress: { progress: number; total?: number | undefined; message?: string | undefined }) => void)
    | undefined;
  timeoutMs?: number | undefined;
}

/** A tool's result as a client sees it. */
export interface ToolOutcome {
  /** The text blocks, joined by line feeds. */
  text: string;
  /** The structured channel. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into data whose shape they know
  data: any;
  isError: boolean;
  content: CallToolResult["content"];
  meta: Record<string, unknown>;
}

/** One face for the real clients of both SDKs, so that a test is written once and runs on every wire. */
export interface TestClient {
  readonly wire: Wire;
  readonly era: Era;
  readonly instructions: string | undefined;
  readonly serverInfo: { name: string; version: string };
  readonly capabilities: Record<string, unknown>;
  /** Calls a tool. A result with `isError` is returned, not thrown; a JSON-RPC error is thrown. */
  call(name: string, input?: Record<string, unknown>, options?: CallOptions): Promise<ToolOutcome>;
  /** The whole list, all pages. */
  tools(): Promise<Record<string, unknown>[]>;
  resources(): Promise<Record<string, unknown>[]>;
  templates(): Promise<Record<string, unknown>[]>;
  prompts(): Promise<Record<string, unknown>[]>;
  read(uri: string): Promise<Record<string, unknown>[]>;
  prompt(
    name: string,
    input?: Record<string, string>,
  ): Promise<{ description?: string | undefined; messages: { role: string; content: Record<string, unknown> }[] }>;
  complete(
    ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string },
    argument: { name: string; value: string },
  ): Promise<string[]>;
  /**
   * Hears of changes to these URIs and lists, in the words of the era. Resolves when the server has agreed to all of
   * them, with a function that unsubscribes.
   */
  subscribe(uris: string[]): Promise<() => Promise<void>>;
  /** Any request, as it is. */
  request(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}
