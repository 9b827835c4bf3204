import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { crypto } from "./fingerprint.ts";
import type { Answers } from "./question.ts";
import { createUsedStates, type UsedStates } from "./used-states.ts";

/** What `requestState` vouches for: these answers belong to this request of this caller, until then. */
interface State {
  /** Names this one state: it is used once. */
  id: string;
  /** `tools/call delete_note` */
  subject: string;
  caller: string;
  /** Hash of the input: an approval for one note does not hold for another. */
  input: string;
  expiresAt: number;
  /** What was asked in this round: ids of questions by their key on the wire. */
  asked: Record<string, string>;
  answers: Answers;
}

/** Seals and opens the `requestState` of the 2026 era, which passes through the client's hands. */
export interface StateSeal {
  seal(state: Omit<State, "expiresAt" | "id">): string;
  /**
   * The answers of earlier rounds with this round's added.
   *
   * @throws ProtocolError -32602 for anything not sealed here for this very request
   */
  open(
    sealed: string,
    expected: { subject: string; caller: string; input: string },
    round: Record<string, unknown>,
  ): Opened;
  /** Signs a short text, such as a cursor: 16 characters that nobody else can make. */
  sign(text: string): string;
  /** What a text may be signed with: by each secret that is good. */
  signatures(text: string): string[];
}

/** A state that was sealed here. */
export interface Opened {
  answers: Answers;
  /**
   * Takes the answers, for good: a yes is for one run of the handler, also when the same request comes again.
   *
   * @throws ProtocolError -32602 when they were taken before
   */
  take(): Promise<void>;
}

/** How long a user may think, in ms. */
export const QUESTION_MS = 600_000;

/**
 * @param secrets the first one seals, all of them open; without any, a key of this process alone: a question that is open while
 *   it restarts is asked again
 * @param now in ms; the default does not go back when the system's time is set, where no other machine reads it
 */
export function createStateSeal(
  secrets: readonly (string | Uint8Array)[] = [],
  now: () => number = secrets.length > 0 ? Date.now : () => performance.now(),
  used: UsedStates = createUsedStates(now),
): StateSeal {
  let keys: readonly (string | Uint8Array)[] = secrets;
  const macs = (payload: string): Buffer[] => {
    if (keys.length === 0) keys = [crypto().randomBytes(32)];
    return keys.map((key) => crypto().createHmac("sha256", key).update(payload).digest());
  };
  const mac = (payload: string): Buffer => macs(payload)[0] as Buffer;
  const cut = (digest: Buffer): string => digest.toString("base64url").slice(0, 16);
  return {
    sign: (text) => cut(mac(text)),
    signatures: (text) => macs(text).map(cut),
    seal(state) {
      const id = crypto().randomBytes(9).toString("base64url");
      const payload = Buffer.from(JSON.stringify({ ...state, id, expiresAt: now() + QUESTION_MS })).toString(
        "base64url",
      );
      return `${payload}.${mac(payload).toString("base64url")}`;
    },
    open(sealed, expected, round) {
      const [payload = "", signature = ""] = sealed.split(".");
      const given = Buffer.from(signature, "base64url");
      const isRight = (right: Buffer) => given.length === right.length && crypto().timingSafeEqual(given, right);
      // Re-encoded for the comparison: base64url ignores stray bits in its last character, a seal must not.
      // biome-ignore lint/plugin: the signature was compared in constant time; this is about its spelling.
      if (!macs(payload).some(isRight) || given.toString("base64url") !== signature) throw refusal();
      const state = JSON.parse(Buffer.from(payload, "base64url").toString()) as State;
      if (
        state.expiresAt < now() ||
        state.subject !== expected.subject ||
        state.caller !== expected.caller ||
        state.input !== expected.input
      ) {
        throw refusal();
      }
      const answers = { ...state.answers };
      for (const [name, id] of Object.entries(state.asked)) {
        const answer = round[name];
        if (typeof answer === "object" && answer !== null && !Array.isArray(answer))
          answers[id] = answer as Record<string, unknown>;
      }
      return {
        answers,
        async take() {
          if (!(await used.take(state.id, state.expiresAt))) throw refusal();
        },
      };
    },
  };
}

// One text for every reason: which check failed would help only a forger.
const refusal = () =>
  new ProtocolError(ErrorCode.invalidParams, "Invalid or expired requestState. Send the request again without it.", {
    reason: "invalid_request_state",
  });
