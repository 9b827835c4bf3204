import type { App } from "../../app.ts";
import type { Era } from "../../contract/context.ts";
import type { ConnectionOptions } from "../connection.ts";
import type { Message } from "../frame.ts";

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
  /** @throws what its import threw: an installation without this SDK */
  open(era: Era): Promise<void>;
  close(): Promise<void>;
}

/** @param send takes what an SDK sends */
export function createChannels(app: App, options: ConnectionOptions, send: (message: Message) => void): Channels {
  const channels = new Map<Era, (message: Message) => void>();
  const closers: (() => Promise<void>)[] = [];
  return {
    get: (era) => channels.get(era),
    async open(era) {
      const channel: EraChannel = {
        start: async () => {},
        send: async (message) => send(message as Message),
        close: async () => channel.onclose?.(),
      };
      if (era === "2025") {
        const { connectLegacy } = await import("../legacy/connect-legacy.ts");
        closers.push(await connectLegacy(app, channel as never, options));
      } else {
        const { connectModern } = await import("../modern/connect-modern.ts");
        closers.push(connectModern(app, channel as never, options));
      }
      channels.set(era, (message) => channel.onmessage?.(message as never));
    },
    async close() {
      await Promise.allSettled(closers.map((close) => close()));
    },
  };
}
