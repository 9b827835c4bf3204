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

/** What the client has had answers to already, without an SDK. */
interface Begun {
  /** Something of the 2026 era. */
  readonly begun: boolean;
  /** @returns the handshake of the 2025 era, if it was one */
  handOver(): Message | undefined;
}

/** The ways to the two SDKs, each loaded when it is needed. */
export interface Channels {
  /** How a message gets to the SDK of this era; `undefined`: it is not open yet. */
  get(era: Era): ((message: Message) => void) | undefined;
  /** Whether it has been asked for. */
  isOpening(era: Era): boolean;
  /**
   * Opens it, once.
   *
   * @throws what its import threw: an installation without this SDK
   */
  open(era: Era, straight: Begun): Promise<void>;
  /** The client of the 2025 era, once it has said who it is. */
  peer(): Peer | undefined;
  close(): Promise<void>;
}

/** @param send takes what an SDK sends */
export function createChannels(app: App, options: ConnectionOptions, send: (message: Message) => void): Channels {
  const channels = new Map<Era, (message: Message) => void>();
  const closers: (() => Promise<void>)[] = [];
  const opening = new Map<Era, Promise<void>>();
  let peer = (): Peer | undefined => undefined;
  const connect = async (era: Era, straight: Begun): Promise<void> => {
    const channel: EraChannel = {
      start: async () => {},
      send: async (message) => send(message as Message),
      close: async () => channel.onclose?.(),
    };
    if (era === "2025") {
      const { connectLegacy } = await import("../legacy/connect-legacy.ts");
      const handshake = straight.handOver();
      const connected = await connectLegacy(app, channel as never, options);
      closers.push(connected.close);
      if (handshake !== undefined) await repeat(handshake, channel);
      peer = connected.peer;
    } else {
      const { connectModern } = await import("../modern/connect-modern.ts");
      closers.push(connectModern(app, channel as never, options, straight.begun));
    }
    channels.set(era, (message) => channel.onmessage?.(message as never));
  };
  return {
    get: (era) => channels.get(era),
    isOpening: (era) => opening.has(era),
    peer: () => peer(),
    open(era, straight) {
      const opened = opening.get(era) ?? connect(era, straight);
      opening.set(era, opened);
      return opened;
    },
    async close() {
      await Promise.allSettled(closers.map((close) => close()));
    },
  };
}

/** Tells an SDK of a handshake that was answered without it. What it says to that, the client has heard. */
function repeat(handshake: Message, channel: EraChannel): Promise<void> {
  const { send } = channel;
  return new Promise((resolve) => {
    channel.send = (message) => {
      if ((message as Message).method !== undefined) return send(message);
      channel.send = send;
      resolve();
      return Promise.resolve();
    };
    channel.onmessage?.({ ...handshake, id: "handshake" } as never);
  });
}
