import type { App } from "../../app.ts";
import type { Era } from "../../contract/context.ts";
import type { Message } from "../frame.ts";
import { type Accepted, accepts } from "./accepts.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { type Channel, type Peer, StraightRequest } from "./request.ts";

/**
 * The way of the requests that carry load, without an SDK: checked by hand, through the same call path as all others,
 * and answered with text that is made once.
 *
 * It takes only what is beyond doubt. What it does not take goes to the SDK of its era, which stays the judge of what is
 * right: a test sends the same bytes both ways and compares.
 */
export interface Straight {
  /**
   * The request of this message, or `undefined` where the SDK has to answer it.
   *
   * @param peer the client of a 2025 connection; without one, the message is of the 2026 era
   */
  take(message: Message, channel: Channel, peer?: Peer): StraightRequest | undefined;
  /** The request of a handshake, which has been found to need no SDK; `peer` is who it introduces. */
  greet(message: Message, channel: Channel, peer: Peer): StraightRequest;
  /** Runs it, when all that came in the same chunk has been read: a cancellation among it must not come too late. */
  begin(request: StraightRequest): void;
}

export function createStraight(app: App): Straight {
  const { methods } = app;
  let answers: Answers | undefined;
  let waiting: StraightRequest[] = [];

  const serves = (method: string): boolean => methods.has(method) || method === "ping" || method === "server/discover";
  const resultOf = (request: StraightRequest): object | Promise<object> => {
    const { method, params } = request;
    const answer = methods.get(method);
    if (answer !== undefined) return answer(params, request);
    if (method === "ping") return {};
    return method === "initialize" ? (answers as Answers).welcome(params) : (answers as Answers).discovery();
  };
  // One set for all requests: closures of each would be most of what this makes.
  const failed = (request: StraightRequest, thrown: unknown): void => {
    const { json, code } = (answers as Answers).error(request, thrown);
    request.answer(json, code);
  };
  const done = (request: StraightRequest, value: object): void => {
    let json: string;
    try {
      json = (answers as Answers).result(request, value);
    } catch (thrown) {
      failed(request, thrown);
      return;
    }
    request.answer(json);
  };
  const run = (request: StraightRequest): void => {
    answers ??= createAnswers(app);
    try {
      const value = resultOf(request);
      if (!(value instanceof Promise)) done(request, value);
      else
        value.then(
          (result) => done(request, result),
          (thrown) => failed(request, thrown),
        );
    } catch (thrown) {
      failed(request, thrown);
    }
  };
  const runAll = (): void => {
    const now = waiting;
    waiting = [];
    for (const request of now) run(request);
  };

  return {
    take(message, channel, peer) {
      const era: Era = peer === undefined ? "2026" : "2025";
      if (!accepts(message, era) || !serves(message.method)) return undefined;
      return new StraightRequest(message, channel, peer);
    },
    greet: (message, channel, peer) => new StraightRequest(message as Message & Accepted, channel, peer),
    begin(request) {
      if (waiting.push(request) === 1) queueMicrotask(runAll);
    },
  };
}
