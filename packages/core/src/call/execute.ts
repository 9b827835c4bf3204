import type { Gate } from "../admission/gate.ts";
import { identityOf } from "../contract/context.ts";
import { fail } from "../contract/errors.ts";
import { fingerprint } from "./asking/fingerprint.ts";
import { QUESTION_MS, type StateSeal } from "./asking/state-seal.ts";
import type { Call } from "./call.ts";
import { settle } from "./settle.ts";
import { Stopped } from "./stopped.ts";
import type { Subject } from "./subject.ts";
import { isThenable } from "./then.ts";

/**
 * How long a call that writes is waited for when its time is over and it was told to stop, in ms: work that was done by
 * then is a success, because an error would have it done again.
 */
const GRACE_MS = 1_000;

/** How often one call may ask before it is taken for a loop. */
const MAX_QUESTIONS = 8;

/** A 2026-era answer that asks for input: the client asks its user and sends the request again. */
export interface InputRequired {
  resultType: "input_required";
  inputRequests: Record<string, { method: string; params: Record<string, unknown> }>;
  requestState: string;
}

/**
 * Stage 4, execute: a place at the gate, then the handler under one deadline. A question ends the run and frees the
 * place; the next run starts from the top with the answer in hand, in both eras, so that a side effect above a question
 * shows up in tests of either.
 */
export async function execute(
  subject: Subject,
  call: Call,
  gate: Gate,
  seal: StateSeal,
): Promise<{ value: unknown } | InputRequired> {
  const { wire } = call;
  if (wire.requestState !== undefined) {
    const opened = seal.open(wire.requestState, boundTo(subject, call), wire.answers ?? {});
    call.answers = opened.answers;
    call.takeAnswers = opened.take;
  }
  for (;;) {
    // No `await` where there is nothing to wait for: each one costs the fast path a turn.
    call.open(subject.timeoutMs);
    const entered = gate.enter(call, subject.lane ?? "foreground");
    if (entered !== undefined) await entered;
    let value: unknown;
    try {
      // A client that does not read holds its places: what piles up is bounded by them.
      const lagging = wire.writable?.();
      if (lagging !== undefined) await lagging;
      call.begin();
      if (call.beganAt >= call.endsAt) throw gate.overloaded();
      value = subject.run(call);
      if (isThenable(value)) value = await settle(call, value, call.endsAt, subject.writes ? GRACE_MS : 0);
      const room = gate.bytes.roomToAnswer(call.name);
      if (room !== undefined) await room;
    } catch (error) {
      if (call.questions.length === 0) throw error;
    } finally {
      gate.leave(call);
    }
    // Noted even if the handler has caught its throw.
    if (call.questions.length === 0) return { value };
    const asked = await ask(subject, call, seal);
    if (asked !== undefined) return asked;
  }
}

/** What a sealed state is bound to: only the same call of the same caller opens it. */
const boundTo = ({ input }: Subject, call: Call) => ({
  // An input means what its version says: a yes to one of them does not hold for another.
  subject: `${call.method} ${call.name}${call.version === undefined ? "" : `@${call.version}`}`,
  caller: identityOf(call.caller),
  input: fingerprint(input),
});

/** Asks what a run has left open. @returns the answer that has the client ask, in the era that has one */
async function ask(subject: Subject, call: Call, seal: StateSeal): Promise<InputRequired | undefined> {
  const { wire, questions } = call;
  if (Object.keys(call.answers).length + questions.length > MAX_QUESTIONS) {
    throw new Error(
      `${call.name} asked more than ${MAX_QUESTIONS} questions in one call. Are they the same one over and over, in other words?`,
    );
  }
  if (wire.ask === undefined) {
    return {
      resultType: "input_required",
      inputRequests: Object.fromEntries(questions.map(({ key, request }) => [key, request])),
      requestState: seal.seal({
        ...boundTo(subject, call),
        asked: Object.fromEntries(questions.map(({ key, id }) => [key, id])),
        answers: call.answers,
      }),
    };
  }
  // One after the other: a person answers one question at a time.
  for (const { id, request } of questions) {
    call.answers[id] = await settle(call, wire.ask(request, wire.signal), performance.now() + QUESTION_MS).catch(
      failUnanswered,
    );
  }
  call.reopen();
  return undefined;
}

/**
 * A client that can ask and then answers with an error: not a bug of this server, and the model may try another way.
 */
function failUnanswered(cause: unknown): never {
  if (cause instanceof Stopped && cause.why === "cancelled") throw cause;
  fail(
    "The client could not get an answer from its user, so nothing more was done. Ask the user in the conversation.",
    {
      code: "unanswered",
      cause,
    },
  );
}
