import type { App } from "../../app.ts";
import type { Era } from "../../contract/context.ts";
import type { ConnectionOptions } from "../connection.ts";
import type { Message } from "../frame.ts";
import type { Peer } from "../straight/request.ts";

/** The part of a connection that one era's SDK sees as its transport. */
interface EraChannel {
  onmessage?: (message: never) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  start(): Promise<void>;
  send(message: unknown): Promise<void>;
  close(): Promise<void>;
}

/** The ways to the two SDKs, each loaded when it is needed. */
export interface Channels {
  /** How a message gets to the SDK of this era; `undefined`: it is not open yet. */
  get(era: Era): ((message: Message) => void) | undefined;
  /**
   * @param begun the client has had answers of the 2026 era already, without the SDK
   * @throws what its import threw: an installation without this SDK
   */
  open(era: Era, begun: boolean): Promise<void>;
  /** The client of the 2025 era, once it has said who it is. */
  peer(): Peer | undefined;
  close(): Promise<void>;
}

/** @param send takes what an SDK sends */
export function createChannels(app: App, options: ConnectionOptions, send: (message: Message) => void): Channels {
  const channels = new Map<Era, (message: Message) => void>();
  const closers: (() => Promise<void>)[] = [];
  let peer = (): Peer | undefined => undefined;
  return {
    get: (era) => channels.get(era),
    peer: () => peer(),
    async open(era, begun) {
      const channel: EraChannel = {
        start: async () => {},
        send: async (message) => send(message as Message),
        close: async () => channel.onclose?.(),
      };
      if (era === "2025") {
        const { connectLegacy } = await import("../legacy/connect-legacy.ts");
        const connected = await connectLegacy(app, channel as never, options);
        closers.push(connected.close);
        peer = connected.peer;
      } else {
        const { connectModern } = await import("../modern/connect-modern.ts");
        closers.push(connectModern(app, channel as never, options, begun));
      }
      channels.set(era, (message) => channel.onmessage?.(message as never));
    },
    async close() {
      await Promise.allSettled(closers.map((close) => close()));
    },
  };
}
