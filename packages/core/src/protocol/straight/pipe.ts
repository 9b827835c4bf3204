import type { App } from "../../app.ts";
import type { Era } from "../../contract/context.ts";
import { asksOf, type ConnectionOptions, forwardChanges, notificationOf } from "../connection.ts";
import type { Message } from "../frame.ts";
import type { Channels } from "../stdio/channels.ts";
import { handshakeOf } from "./accepts.ts";
import type { Channel, Peer, StraightRequest } from "./request.ts";
import { createStraight } from "./straight.ts";

/** The requests of a stdio connection that wait for their answers, as far as this path needs them. */
interface Waiting {
  get(id: string | number): { readonly straight: StraightRequest | undefined; readonly cancelled: boolean } | undefined;
  settle(id: string | number): void;
}

/** The straight path of a stdio connection. */
export interface StraightPipe {
  /** Whether it has settled that the client speaks the 2026 era: a discovery leaves that open. */
  readonly begun: boolean;
  /** The request of a message that needs no SDK. In the 2025 era the handshake is one, and comes first. */
  take(message: Message, era: Era): StraightRequest | undefined;
  begin(request: StraightRequest): void;
  /** Whether nothing has to be done for it: that the client has read the answer to its handshake. */
  ignores(message: Message): boolean;
  /** Leaves the 2025 era to its SDK. @returns the handshake that was answered here, which the SDK has yet to hear */
  handOver(): Message | undefined;
}

export function createStraightPipe(
  app: App,
  options: ConnectionOptions,
  waiting: Waiting,
  channels: Channels,
  write: (line: string) => void,
): StraightPipe {
  const { caller, writable, lag } = options;
  const straight = createStraight(app);
  let begun = false;
  /** The client of a handshake that was answered here, until the SDK is needed. */
  let own: { peer: Peer; message: Message; stop: () => void } | undefined;
  const channel: Channel = {
    transport: "pipe",
    caller,
    writable,
    notify: (_request, json) => write(json),
    lag: () => lag(),
    answer(request, json) {
      const entry = waiting.get(request.id);
      // Cancelled, or told that the server stops: nobody waits for it.
      if (entry?.straight !== request || entry.cancelled) return;
      write(json);
      waiting.settle(request.id);
    },
  };
  const forward = (): (() => void) =>
    forwardChanges(app, options, { has: () => false }, (change) => {
      const [list = ""] = change.type.split("_");
      if (list in app.capabilities) write(JSON.stringify({ jsonrpc: "2.0", ...notificationOf(change) }));
    });
  /** The client that a handshake introduces. Only a question to it needs the SDK. */
  const peerOf = (message: Message): Peer | undefined => {
    const handshake = channels.isOpening("2025") ? undefined : handshakeOf(message);
    if (handshake === undefined) return undefined;
    const { clientInfo, capabilities } = handshake;
    return {
      client: { name: clientInfo.name, version: clientInfo.version, extensions: capabilities.extensions },
      asks: asksOf(capabilities),
      wants: (level) => channels.peer()?.wants(level) ?? true,
      async ask(request, signal, about) {
        await channels.open("2025", pipe);
        return (channels.peer() as Peer).ask(request, signal, about);
      },
    };
  };

  const pipe: StraightPipe = {
    get begun() {
      return begun;
    },
    take(message, era) {
      if (!app.straight) return undefined;
      if (era === "2026") return straight.take(message, channel);
      const client = channels.peer() ?? own?.peer;
      if (client !== undefined) return straight.take(message, channel, client);
      const peer = peerOf(message);
      return peer === undefined ? undefined : straight.greet(message, channel, peer);
    },
    begin(request) {
      begun ||= request.era === "2026" && request.method !== "server/discover";
      if (request.method === "initialize") {
        const { id, method, params, peer } = request;
        own = { peer: peer as Peer, message: { jsonrpc: "2.0", id, method, params }, stop: forward() };
      }
      straight.begin(request);
    },
    ignores: ({ id, method, params }) =>
      own !== undefined && id === undefined && method === "notifications/initialized" && isEmpty(params),
    handOver() {
      const message = own?.message;
      own?.stop();
      own = undefined;
      return message;
    },
  };
  return pipe;
}

const isEmpty = (params: object = {}): boolean => Object.keys(params).length === 0;
