import type { App } from "../../app.ts";
import type { Era } from "../../contract/context.ts";
import type { ConnectionOptions } from "../connection.ts";
import type { Message } from "../frame.ts";
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
}

export function createStraightPipe(
  app: App,
  { caller, writable, lag }: ConnectionOptions,
  waiting: Waiting,
  peer: () => Peer | undefined,
  write: (line: string) => void,
): StraightPipe {
  const straight = createStraight(app);
  let begun = false;
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
  return {
    get begun() {
      return begun;
    },
    take(message, era) {
      if (!app.straight) return undefined;
      if (era === "2026") return straight.take(message, channel);
      const client = peer();
      return client === undefined ? undefined : straight.take(message, channel, client);
    },
    begin(request) {
      begun ||= request.era === "2026" && request.method !== "server/discover";
      straight.begin(request);
    },
  };
}
