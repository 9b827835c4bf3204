import type { App } from "../../app.ts";
import { createSubscriptions } from "../../call/changes/subscriptions.ts";
import { quietWire, type WireRequest } from "../../call/wire.ts";
import type { Caller } from "../../contract/context.ts";
import { LISTEN, type Message } from "../frame.ts";

/** A stream that a client asks for, subscribed to what it names. */
interface Stream {
  /**
   * The message to pass on, when no later change is missed. It names only the URIs that were granted, which the SDK then
   * acknowledges: that is how a client learns of the others.
   */
  granted: Promise<Message>;
  has: (uri: string) => boolean;
  close: () => void;
}

export function openStream(app: App, from: Pick<WireRequest, "caller" | "transport">, message: Message): Stream {
  const subscriptions = createSubscriptions(app);
  const notifications = message.params?.notifications as { resourceSubscriptions?: unknown } | undefined;
  const wanted = notifications?.resourceSubscriptions;
  // A stream has no answer: no notification, question or cancellation belongs to it.
  const wire = quietWire(from);
  const grant = async (): Promise<Message> => {
    if (wanted === undefined) {
      await subscriptions.follow(from.caller).catch((err) => app.log.error({ err }, "changes could not be followed"));
      return message;
    }
    // The SDK rejects anything but a string array.
    if (!Array.isArray(wanted) || wanted.some((uri) => typeof uri !== "string")) return message;
    // Why one is refused is recorded there.
    const subscribed = await Promise.allSettled(wanted.map((uri) => subscriptions.subscribe(uri, wire)));
    const resourceSubscriptions = wanted.filter((_, index) => subscribed[index]?.status === "fulfilled");
    return { ...message, params: { ...message.params, notifications: { ...notifications, resourceSubscriptions } } };
  };
  return { granted: grant(), has: subscriptions.has, close: subscriptions.close };
}

/**
 * Keeps account of the streams of a stdio connection: each is open from its request until it is cancelled or answered.
 *
 * @param transport one whose `onmessage` has been set
 * @returns which URIs they want to hear of, and how to end those that are open
 */
export function followStreams(
  app: App,
  caller: Caller,
  transport: { onmessage?: (message: Message) => void; send(message: Message): Promise<void> },
): { has: (uri: string) => boolean; close: () => void } {
  const open = new Map<unknown, ReturnType<typeof openStream>>();
  const end = (id: unknown): void => {
    const stream = open.get(id);
    open.delete(id);
    stream?.close();
  };
  const receive = transport.onmessage;
  const send = transport.send.bind(transport);
  transport.onmessage = (message) => {
    if (message.method !== LISTEN || message.id === undefined) {
      if (message.method === "notifications/cancelled") end(message.params?.requestId);
      receive?.(message);
      return;
    }
    const { id } = message;
    const stream = openStream(app, { caller, transport: "pipe" }, message);
    open.set(id, stream);
    // It may have been cancelled meanwhile.
    void stream.granted.then((granted) => open.get(id) === stream && receive?.(granted));
  };
  transport.send = (message) => {
    if (open.size > 0 && message.method === undefined) end(message.id);
    return send(message);
  };
  return {
    has: (uri) => [...open.values()].some((stream) => stream.has(uri)),
    close() {
      for (const id of [...open.keys()]) end(id);
    },
  };
}
