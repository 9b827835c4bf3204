import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Message } from "../frame.ts";

type Id = string | number;

interface IdListeners {
  /** The request of this number, inside, is answered next, or will not be. */
  ending(number: number): void;
  /** The client sent what fits nothing. */
  unexpected(reason: string): void;
}

/** The numbers of requests, inside. */
export interface Numbers {
  /** The client's own id of a request. */
  idOf(number: Id): Id | undefined;
  /** A number for a request that goes without the SDK, so that a question can belong to it. */
  open(id: Id): number;
  forget(number: number): void;
}

/**
 * Puts ids of core's own between a client and the SDK. Inside, each request has a number that is never used twice, so
 * that a cancelled call and the next one of its id cannot be taken for each other, and the SDK, which overlooks a
 * cancellation of the id 0 or "", hears of it. Outside, the server's questions have ids that no client uses, so that an
 * answer to one cannot pass for an answer to the client's own call.
 */
export function translateIds(
  outer: Transport,
  { ending, unexpected }: IdListeners,
): { transport: Transport & { onmessage?: (message: never, extra?: never) => void }; numbers: Numbers } {
  const inside = new Map<Id, number>();
  const outside = new Map<number, Id>();
  const questions = new Map<Id, number>();
  let requests = 0;
  const forget = (number: number): void => {
    const id = outside.get(number);
    if (id === undefined) return;
    ending(number);
    outside.delete(number);
    if (inside.get(id) === number) inside.delete(id);
  };
  const open = (id: Id): number => {
    requests += 1;
    inside.set(id, requests);
    outside.set(requests, id);
    return requests;
  };
  const questionId = (number: number): string => `question-${number + 1}`;

  const inner: Transport & { onmessage?: (message: never, extra?: never) => void } = {
    get sessionId() {
      return outer.sessionId as string;
    },
    start: () => outer.start(),
    close: () => outer.close(),
    send: async (sent, options) => {
      const message = sent as Message;
      const { id, method, params } = message;
      if (method === undefined) {
        // Cancelled while it was being answered.
        const asked = outside.get(id as number);
        if (asked === undefined) return;
        forget(id as number);
        message.id = asked;
      } else if (id !== undefined) {
        message.id = questionId(id as number);
        questions.set(message.id, id as number);
      } else if (method === "notifications/cancelled") {
        const name = questionId(params?.requestId as number);
        questions.delete(name);
        message.params = { ...params, requestId: name };
      }
      const related = outside.get(options?.relatedRequestId as number);
      // Of a call that has ended.
      if (related === undefined && options?.relatedRequestId !== undefined) return;
      await outer.send(sent, related === undefined ? undefined : { relatedRequestId: related });
    },
  };
  outer.onclose = () => inner.onclose?.();
  outer.onerror = (error) => inner.onerror?.(error);
  outer.onmessage = (received, extra) => {
    const message = received as Message;
    const { id, method, params } = message;
    if (method === undefined) {
      const number = questions.get(id as Id);
      if (number === undefined) return unexpected("an answer to no open question");
      questions.delete(id as Id);
      message.id = number;
    } else if (id !== undefined) {
      message.id = open(id);
    } else if (method === "notifications/cancelled") {
      const number = inside.get(params?.requestId as Id);
      if (number === undefined) return;
      message.params = { ...params, requestId: number };
      // It will have no answer.
      setImmediate(forget, number);
    }
    inner.onmessage?.(message as never, extra as never);
  };
  return { transport: inner, numbers: { idOf: (number) => outside.get(number as number), open, forget } };
}
