import type { ClientRequest } from "../wire.ts";
import { fingerprint } from "./fingerprint.ts";

/** Answers by the `id` of their question. */
export type Answers = Record<string, Record<string, unknown>>;

/** Leaves the handler at an unanswered question; `execute` has it answered and runs the handler again. */
export class Question extends Error {
  /**
   * Its position in the handler and its words. With the position alone, a handler that skips a question on its second
   * run would take the "yes" meant for that one as the answer to the next.
   */
  readonly id: string;
  /** Its name on the wire. */
  readonly key: string;
  readonly request: ClientRequest;

  constructor(position: number, key: string | undefined, request: ClientRequest) {
    super("A question to the client is open. Do not catch this: the handler runs again with the answer.");
    this.name = "Question";
    this.id = `${position} ${fingerprint(request)}`;
    this.key = key ?? `q${position}`;
    this.request = request;
  }
}
