import type { z } from "zod";
import type { CallContext, ElicitAnswer, Logger, NotifyLevel, RootsAnswer, SampleAnswer } from "../contract/context.ts";
import { fail, ToolError } from "../contract/errors.ts";
import { describeIssues } from "../contract/schema.ts";
import type { Lane } from "../contract/tool.ts";
import { type Answers, Question } from "./asking/ask.ts";
import { formOf } from "./asking/form.ts";
import type { ClientRequest, WireRequest } from "./wire.ts";

// Unique in the log of a fleet. Not random: node:crypto alone would be a twentieth of a start.
const prefix = `${process.pid.toString(36)}${Date.now().toString(36)}`;
let calls = 0;

/** Why a call stopped before its handler was done. */
export class Stopped extends Error {
  readonly why: "cancelled" | "deadline";

  constructor(why: "cancelled" | "deadline", message: string) {
    super(message);
    this.name = why === "cancelled" ? "AbortError" : "TimeoutError";
    this.why = why;
  }
}

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
  /** Its time is over then: see {@link Call.open}. */
  endsAt = Number.POSITIVE_INFINITY;
  /** When its handler began, this time; -1 before. */
  beganAt = -1;
  lane: Lane = "core";
  /** Its place at the gate. */
  place = -1;
  /** The tool, resource URI or prompt, once it is known. */
  name = "";
  answers: Answers = {};
  /** The open questions of this run: several when the handler asks them together, and noted even if it swallows the throw. */
  questions: Question[] = [];
  #asked = 0;
  #openedAt = this.startedAt;
  #stopped: Stopped | undefined;
  #controller: AbortController | undefined;
  #log: Logger;

  constructor(method: string, wire: WireRequest, log: Logger) {
    this.method = method;
    this.wire = wire;
    this.#log = log;
    calls += 1;
    this.correlationId = `${prefix}-${calls.toString(36)}`;
  }

  get era() {
    return this.wire.era;
  }
  get caller() {
    return this.wire.caller;
  }
  get client() {
    return this.wire.client;
  }
  get deadline() {
    return { remainingMs: () => Math.max(0, this.endsAt - performance.now()) };
  }
  get log(): Logger {
    const log = this.#log;
    const named = (fields: Record<string, unknown>) => ({ ...fields, correlationId: this.correlationId });
    return {
      debug: (fields, message) => log.debug(named(fields), message),
      info: (fields, message) => log.info(named(fields), message),
      warn: (fields, message) => log.warn(named(fields), message),
      error: (fields, message) => log.error(named(fields), message),
    };
  }
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  /** Why it was stopped, if it was. */
  get stopped(): Stopped | undefined {
    return this.#stopped;
  }

  /**
   * Sets the one deadline, over queue, handler and all that the handler asks for: so long after the call was received,
   * or after its user answered. The time a user takes is theirs: in the 2026 era the answer comes as a request of its own,
   * with a time of its own, and the 2025 era does the same.
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
    if (this.wire.signal.aborted || this.wire.cancelled?.())
      this.stop(new Stopped("cancelled", "The client cancelled the call."));
    if (this.#stopped !== undefined) throw this.#stopped;
    this.beganAt = performance.now();
  }

  /** Time left in ms, whole: Node keeps timers of one length together, and most calls get the same. */
  get leftMs(): number {
    return Math.max(1, Math.ceil(this.endsAt - performance.now()));
  }

  /** Waits for the handler's promise, the deadline or the client's cancellation, whichever is first. */
  settle<Value>(work: PromiseLike<Value>, timeoutMs: number): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const stop = (stopped: Stopped): void => {
        end();
        this.stop(stopped);
        reject(stopped);
      };
      const cancelled = (): void => stop(new Stopped("cancelled", "The client cancelled the call."));
      const timer = setTimeout(() => stop(new Stopped("deadline", `No result within ${timeoutMs} ms.`)), timeoutMs);
      this.wire.signal.addEventListener("abort", cancelled);
      const end = (): void => {
        clearTimeout(timer);
        this.wire.signal.removeEventListener("abort", cancelled);
      };
      work.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  stop(stopped: Stopped): void {
    this.#stopped ??= stopped;
    this.#controller?.abort(this.#stopped);
  }

  // Fields and not methods: handlers take them out of the context, `({ signal, progress }) => …`.
  readonly progress = (done: number, total?: number, message?: string): void => {
    const token = this.wire.progressToken;
    if (token === undefined || this.#stopped !== undefined) return;
    this.wire.notify("notifications/progress", {
      progressToken: token,
      progress: done,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    });
  };

  readonly notify = (level: NotifyLevel, data: unknown): void => {
    if (this.#stopped === undefined) this.wire.message(level, data);
  };

  readonly elicit = async <Schema extends z.ZodObject>(question: {
    key?: string;
    message: string;
    schema: Schema;
  }): Promise<ElicitAnswer<z.output<Schema>>> => {
    if (!this.wire.asks.elicitation) return { action: "unavailable" };
    const params = { mode: "form", message: question.message, requestedSchema: formOf(question.schema) };
    const answer = this.#ask({ method: "elicitation/create", params }, question.key);
    if (answer.action === "decline" || answer.action === "cancel") return { action: answer.action };
    const content = await question.schema.safeParseAsync(answer.content ?? {});
    if (answer.action !== "accept" || !content.success) {
      const why = content.success ? "" : `\n${describeIssues(content.error)}`;
      fail(`The answer to "${question.message}" does not fit the question. Call again and answer it anew.${why}`, {
        code: "invalid_answer",
      });
    }
    return { action: "accept", content: content.data as z.output<Schema> };
  };

  readonly sample = async (request: {
    messages: unknown[];
    maxTokens: number;
    systemPrompt?: string;
  }): Promise<SampleAnswer> => {
    if (!this.wire.asks.sampling) return { action: "unavailable" };
    const answer = this.#ask({ method: "sampling/createMessage", params: { ...request } });
    return { action: "answered", role: String(answer.role), model: String(answer.model), content: answer.content };
  };

  readonly roots = async (): Promise<RootsAnswer> => {
    if (!this.wire.asks.roots) return { action: "unavailable" };
    const { roots } = this.#ask({ method: "roots/list", params: {} });
    const listed = Array.isArray(roots) ? (roots as { uri: string; name?: string }[]) : [];
    return { action: "answered", roots: listed.filter((root) => typeof root?.uri === "string") };
  };

  #ask(request: ClientRequest, key?: string): Record<string, unknown> {
    const question = new Question(this.#asked, key, request);
    this.#asked += 1;
    const answer = this.answers[question.id];
    if (answer !== undefined) return answer;
    this.questions.push(question);
    throw question;
  }
}

/** What a model reads when its call ran out of time. */
export const timedOut = (name: string, timeoutMs: number): ToolError =>
  new ToolError(
    `${name} did not finish within ${timeoutMs} ms and was stopped. Its work may be half done: look before you call it again, or ask for less.`,
    {
      code: "deadline_exceeded",
    },
  );
