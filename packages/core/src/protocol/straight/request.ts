import type { ClientRequest, WireRequest } from "../../call/wire.ts";
import type { Caller, Era, NotifyLevel } from "../../contract/context.ts";
import { asksOf, LOG, type Notification, PROGRESS, progressTokenOf } from "../connection.ts";
import { CLIENT_CAPABILITIES, CLIENT_INFO, MODERN_VERSION } from "../era.ts";
import { createMailbox, type Mailbox } from "../mailbox.ts";
import type { Accepted } from "./accepts.ts";

/** The client of a 2025 connection, as its handshake and its later messages left it. */
export interface Peer extends Pick<WireRequest, "client" | "asks"> {
  /** Whether it wants log messages of this level. */
  wants(level: NotifyLevel): boolean;
  /** Asks it, on behalf of one of its own requests. */
  ask(request: ClientRequest, signal: AbortSignal, about: string | number): Promise<Record<string, unknown>>;
}

/** What a request came in on: a stdio connection, or one HTTP request. */
export interface Channel {
  readonly transport: WireRequest["transport"];
  readonly caller: Caller;
  readonly sessionId?: string | undefined;
  readonly writable?: WireRequest["writable"];
  /** Sends a notification that belongs to this request. */
  notify(request: StraightRequest, json: string): void;
  /** Resolves when the client has read enough for more of them; `undefined` when it keeps up. */
  lag(request: StraightRequest): Promise<void> | undefined;
  /** Sends the answer; nothing comes after it. `code` is that of an error. */
  answer(request: StraightRequest, json: string, code?: number): void;
}

/**
 * One request as the call path sees it. A class with getters, because nearly every call uses next to none of it: no
 * signal, no mailbox and no closure comes into being until one is asked for.
 */
export class StraightRequest implements WireRequest {
  readonly id: string | number;
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly client: WireRequest["client"];
  readonly asks: WireRequest["asks"];
  readonly #channel: Channel;
  readonly #peer: Peer | undefined;
  #cancelled = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  #listener: { cancel(): void } | undefined;
  #mailbox: Mailbox<Notification> | undefined;

  /** @param peer the client, in the 2025 era; in the 2026 era each request says who sends it */
  constructor({ id, method, params = {} }: Accepted, channel: Channel, peer: Peer | undefined) {
    this.id = id;
    this.method = method;
    this.params = params;
    this.#channel = channel;
    this.#peer = peer;
    if (peer !== undefined) {
      this.client = peer.client;
      this.asks = peer.asks;
    } else {
      const { [CLIENT_INFO]: client = {}, [CLIENT_CAPABILITIES]: capabilities } = params._meta as Envelope;
      const { extensions } = capabilities;
      this.client = extensions === undefined ? client : { ...client, extensions };
      this.asks = asksOf(capabilities);
    }
  }

  /** Its client, in the 2025 era. */
  get peer(): Peer | undefined {
    return this.#peer;
  }
  get era(): Era {
    return this.#peer === undefined ? "2026" : "2025";
  }
  get transport() {
    return this.#channel.transport;
  }
  get caller() {
    return this.#channel.caller;
  }
  get writable() {
    return this.#channel.writable;
  }
  get sessionId() {
    return this.#channel.sessionId;
  }
  get requestId() {
    return this.id;
  }
  get meta() {
    return this.params._meta as Record<string, unknown> | undefined;
  }
  get protocolVersion() {
    return this.#peer === undefined ? MODERN_VERSION : undefined;
  }
  get progressToken() {
    return progressTokenOf(this.params);
  }
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }
  get ask(): WireRequest["ask"] {
    const peer = this.#peer;
    return peer === undefined ? undefined : (request, signal) => peer.ask(request, signal, this.id);
  }

  cancelled(): boolean {
    return this.#cancelled;
  }
  onCancel(listener: { cancel(): void } | undefined): void {
    this.#listener = listener;
  }
  /** The client has cancelled, or has left. */
  cancel(reason?: unknown): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#listener?.cancel();
  }

  notify(method: string, params: Record<string, unknown>): void {
    this.#mailbox ??= createMailbox<Notification>(
      (message) => this.#channel.notify(this, JSON.stringify({ ...message, jsonrpc: "2.0" })),
      () => this.#channel.lag(this),
    );
    this.#mailbox.put({ method, params }, method === PROGRESS ? PROGRESS : undefined);
  }
  message(level: NotifyLevel, data: unknown): void {
    // In the 2026 era a request says which levels it wants, and one that does is the SDK's.
    if (this.#peer?.wants(level) === true) this.notify(LOG, { level, data });
  }

  /** What the call has told its client of itself comes before the answer. */
  answer(json: string, code?: number): void {
    this.#mailbox?.flush();
    this.#channel.answer(this, json, code);
  }
}

interface Envelope {
  [CLIENT_INFO]?: { name: string; version: string };
  [CLIENT_CAPABILITIES]: Parameters<typeof asksOf>[0] & { extensions?: Record<string, Record<string, unknown>> };
}
