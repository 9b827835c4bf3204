import type { App } from "../../app.ts";
import { stringifyMessage } from "../../call/output/ready-json.ts";
import { makeLegible } from "../connection.ts";
import { type Message, type Refusal, stopAnswer } from "../frame.ts";
import type { AnsweredBatch } from "../legacy/batch.ts";
import type { OpenRequests } from "./requests.ts";

/** Refusals logged in full per connection; a client that sends garbage must not fill the disk. */
const MAX_LOGGED = 100;

/** What a stdio connection says: alone on its line, or within the batch that it answers. */
export interface Answers {
  send(message: Message): void;
  /** `to` is what the batch expects an answer to; it expects one to a refused item itself. */
  refuse(refusal: Refusal, batch?: AnsweredBatch, to?: unknown): void;
  /** Tells the calls that have not ended that they never will. */
  stopped(): void;
}

export function createAnswers(
  { account, log }: Pick<App, "account" | "log">,
  requests: OpenRequests,
  write: (line: string) => void,
): Answers {
  let logged = 0;
  const answer = (json: string, batch: AnsweredBatch | undefined, to: unknown): void => {
    if (batch === undefined) write(json);
    else batch.answer(json, to);
  };
  return {
    send(message) {
      const { id, method, error } = message;
      if (error !== undefined && method === undefined) makeLegible(error as { message: string });
      const json = stringifyMessage(message);
      if (method !== undefined || id === undefined) return write(json);
      answer(json, requests.get(id)?.batch, id);
      requests.settle(id);
    },
    refuse(refusal, batch, to = refusal) {
      const { reason, answer: refused, toAnswer } = refusal;
      account.protocolError(reason);
      logged += 1;
      if (logged <= MAX_LOGGED)
        log.warn(
          { reason, detail: refused.error.message },
          logged === MAX_LOGGED ? "message refused; further ones are not logged" : "message refused",
        );
      if (!toAnswer) answer(JSON.stringify(refused), batch, to);
    },
    stopped() {
      for (const [id, batch] of requests.takeUnanswered()) answer(stopAnswer(id), batch, id);
    },
  };
}
