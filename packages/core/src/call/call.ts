import type { CallContext, Logger } from "../contract/context.ts";
import { type Stop, StopSource, stopOf } from "../contract/stop.ts";
import type { Lane } from "../contract/tool.ts";
import { instanceId } from "../instance.ts";
import type { Decision } from "./access.ts";
import { elicit, roots, sample } from "./asking/ask.ts";
import { type Answers, Question } from "./asking/question.ts";
import { checkSize } from "./compose.ts";
import { plain } from "./output/plain.ts";
import { Stopped } from "./stopped.ts";
import type { Trial } from "./trial.ts";
import type { ClientRequest, WireRequest } from "./wire.ts";

let calls = 0;

/** Longest text beside a step of progress, in characters: one line of a client's. */
const MAX_PROGRESS = 1_024;

/**
 * Stage 1, bootstrap: the context of one call. A class because it is a small state machine that most calls use little
 * of: the signal, its controller and the logger come into being when a handler asks for them.
 */
export class Call implements CallContext {
  readonly wire: WireRequest;
  readonly method: string;
  readonly correlationId: string;
  /** When it was received. */
  readonly startedAt = performance.now();
  /** Its deadline, monotonic, in ms: see {@link Call.open}. */
  endsAt = Number.POSITIVE_INFINITY;
  /** When its handler began, this time; -1 before. */
  beganAt = -1;
  lane: Lane = "foreground";
  /** How many values of its input were made to fit. */
  coerced = 0;
  /** Its place at the gate. */
  place = -1;
  /** What room at the gate is held for its answer. */
  answerBytes = 0;
  /** The tool, resource URI or prompt, once it is known. */
  name = "";
  /** The version of the tool that its client says it speaks; `undefined` where it says none. */
  version: string | undefined;
  /** What counts it, where a candidate is tried beside its handler. */
  trial: Trial | undefined;
  /** What the policy says of it, where there is one: it does not change while the call runs. */
  decision: Decision | undefined;
  answers: Answers = {};
  /**
   * Takes the answers that a request of the 2026 era carries. Not when they come, but when a handler looks at one: a
   * call that is turned away at the gate can be sent again with them.
   */
  takeAnswers: (() => Promise<void>) | undefined;
  /**
   * The open questions of this run: several when the handler asks them together, and noted even if it swallows the
   * throw.
   */
  questions: Question[] = [];
  #asked = 0;
  #openedAt = this.startedAt;
  #stopped: Stopped | undefined;
  #controller: AbortController | undefined;
  #source: StopSource | undefined;
  #log: Logger;

  constructor(method: string, wire: WireRequest, log: Logger) {
    this.method = method;
    this.wire = wire;
    this.#log = log;
    calls += 1;
    this.correlationId = `${instanceId}-${calls.toString(36)}`;
  }

  get era() {
    return this.wire.era;
  }
  get caller() {
    return this.wire.caller;
  }
  get callerRoots() {
    return this.decision?.roots;
  }
  get client() {
    return this.wire.client;
  }
  get deadline() {
    return { remainingMs: () => Math.max(0, this.endsAt - performance.now()) };
  }
  get log(): Logger {
    const log = this.#log;
    const { correlationId } = this;
    const withId = (fields: Record<string, unknown>) => {
      try {
        // A text in the place of fields, as other loggers take it: spread, it would be a field for each character.
        if (typeof fields !== "object") return { text: String(fields).slice(0, MAX_PROGRESS), correlationId };
        return { ...fields, correlationId };
      } catch (error) {
        // A getter that throws is the line's loss, not the call's.
        return { err: error, correlationId };
      }
    };
    return {
      debug: (fields, message) => log.debug(withId(fields), message),
      info: (fields, message) => log.info(withId(fields), message),
      warn: (fields, message) => log.warn(withId(fields), message),
      error: (fields, message) => log.error(withId(fields), message),
    };
  }
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  /** For core's own code that listens to it. */
  get [stopOf](): Stop {
    if (this.#source === undefined) {
      this.#source = new StopSource();
      if (this.#stopped !== undefined) this.#source.abort(this.#stopped);
    }
    return this.#source;
  }

  /** Whether the client has cancelled it. No signal is made only to be asked. */
  get cancelled(): boolean {
    const { wire } = this;
    return wire.cancelled === undefined ? wire.signal.aborted : wire.cancelled();
  }

  /** Why it was stopped, if it was. */
  get stopped(): Stopped | undefined {
    return this.#stopped;
  }

  /**
   * Sets the one deadline for queue, handler and all that the handler asks for: counted from when the call was
   * received, or from when its user answered. The time a user takes does not count: in the 2026 era the answer comes as
   * a request of its own, with a deadline of its own, and the 2025 era does the same.
   */
  open(timeoutMs: number): void {
    this.endsAt = this.#openedAt + timeoutMs;
    this.beganAt = -1;
  }

  /** The user has answered. */
  reopen(): void {
    this.#openedAt = performance.now();
  }

  /** Opens one run of the handler: its questions are counted from the first. */
  begin(): void {
    this.#asked = 0;
    this.questions = [];
    // A cancellation that came in the same chunk as its request is older than the handler.
    if (this.cancelled) this.stop(new Stopped("cancelled", "The client cancelled the call."));
    if (this.#stopped !== undefined) throw this.#stopped;
    this.beganAt = performance.now();
  }

  stop(stopped: Stopped): void {
    this.#stopped ??= stopped;
    this.#controller?.abort(this.#stopped);
    this.#source?.abort(this.#stopped);
  }

  // Getters and not methods: handlers take them out of the context, `({ signal, progress }) => …`. Most take none.
  get progress(): CallContext["progress"] {
    return (done, total, message) => {
      const token = this.wire.progressToken;
      if (token === undefined || this.#stopped !== undefined) return;
      // In JSON they would be null, which no client takes. Not thrown: the work is not worse for it.
      if (!Number.isFinite(done) || (total !== undefined && !Number.isFinite(total))) {
        this.log.warn({ name: this.name, done: String(done), total: String(total) }, "progress not sent: not a number");
        return;
      }
      this.wire.notify("notifications/progress", {
        progressToken: token,
        progress: done,
        total,
        ...(message === undefined ? {} : { message: String(message).slice(0, MAX_PROGRESS).toWellFormed() }),
      });
    };
  }

  get notify(): CallContext["notify"] {
    return (level, data) => {
      if (this.#stopped !== undefined) return;
      try {
        const message = plain(data);
        checkSize(JSON.stringify(message), this.name);
        this.wire.message(level, message);
      } catch (error) {
        this.log.warn({ name: this.name, err: error }, "message to the client not sent");
      }
    };
  }

  get elicit(): CallContext["elicit"] {
    return (question) => elicit(this, question);
  }
  get sample(): CallContext["sample"] {
    return (request) => sample(this, request);
  }
  get roots(): CallContext["roots"] {
    return () => roots(this);
  }

  #taken: Promise<void> | undefined;

  /** @throws ProtocolError where the answers were used by an earlier request */
  answered(): Promise<void> | undefined {
    this.#taken ??= this.takeAnswers?.();
    return this.#taken;
  }

  /** The answer to a question of the handler. @throws Question while there is none: it leaves the handler */
  ask(request: ClientRequest, key?: string): Record<string, unknown> {
    const asked = plain(request);
    checkSize(JSON.stringify(asked), `the question of ${this.name}`);
    const question = new Question(this.#asked, key, asked);
    this.#asked += 1;
    const answer = this.answers[question.id];
    if (answer !== undefined) return answer;
    this.questions.push(question);
    throw question;
  }
}
