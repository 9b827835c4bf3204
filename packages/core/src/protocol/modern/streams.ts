import type { App } from "../../app.ts";
import { createSubscriptions } from "../../call/changes/subscriptions.ts";
import { quietWire, type WireRequest } from "../../call/wire.ts";
import type { Caller } from "../../contract/context.ts";
import { LISTEN, type Message } from "../frame.ts";

/**
 * Subscribes to what a stream asks for. The message to pass on names only the URIs that were granted, which the SDK
 * then acknowledges: that is how a client learns of the others.
 */
export function openStream(
  app: App,
  from: Pick<WireRequest, "caller" | "transport">,
  message: Message,
): { message: Message; has: (uri: string) => boolean; close: () => void } {
  const subscriptions = createSubscriptions(app);
  const notifications = message.params?.notifications as { resourceSubscriptions?: unknown } | undefined;
  const wanted = notifications?.resourceSubscriptions;
  // The SDK rejects anything but a string array.
  if (!Array.isArray(wanted) || wanted.some((uri) => typeof uri !== "string"))
    return { message, has: subscriptions.has, close: subscriptions.close };
  // A stream has no answer: no notification, question or cancellation belongs to it.
  const wire = quietWire(from);
  const granted = wanted.filter((uri: string) => {
    try {
      subscriptions.subscribe(uri, wire);
      return true;
    } catch {
      // Recorded there, with the reason.
      return false;
    }
  });
  const params = { ...message.params, notifications: { ...notifications, resourceSubscriptions: granted } };
  return { message: { ...message, params }, has: subscriptions.has, close: subscriptions.close };
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
    const stream = openStream(app, { caller, transport: "pipe" }, message);
    open.set(message.id, stream);
    receive?.(stream.message);
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
