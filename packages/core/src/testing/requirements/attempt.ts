import { ErrorCode } from "../../contract/errors.ts";
import type { TestClient, ToolOutcome } from "../client.ts";
import type { Input } from "./requirement.ts";

/** A JSON-RPC error as the server sent it, whatever the SDK made of it. */
export interface Refusal {
  code: number;
  message: string;
  data: unknown;
}

/** What became of a request: exactly one of the three. */
export interface Attempt<Result> {
  result?: Result | undefined;
  refusal?: Refusal | undefined;
  /** There was no answer of the server's: time ran out, or the connection did. */
  lost?: string | undefined;
}

/** How long an answer may take, in ms. */
const ANSWER_MS = 5_000;

/** Waits for a request's answer, of whatever kind. Never throws, never waits longer than `limitMs`. */
export async function attempt<Result>(work: Promise<Result>, limitMs = ANSWER_MS): Promise<Attempt<Result>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Attempt<Result>>((resolve) => {
    timer = setTimeout(() => resolve({ lost: `no answer within ${limitMs} ms` }), limitMs);
  });
  const answer = work.then((result): Attempt<Result> => ({ result }), refusalOf);
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first;
}

/** {@link attempt} for a tool. */
export const tryCall = (client: TestClient, name: string, input?: Input): Promise<Attempt<ToolOutcome>> =>
  attempt(client.call(name, input));

function refusalOf(error: unknown): { refusal: Refusal } | { lost: string } {
  const { code, message, data } = error as {
    code?: unknown;
    message: string;
    data?: { text?: string | undefined } | undefined;
  };
  // An HTTP client that got a status of 400 or 404 wraps the JSON-RPC error in a transport error of its own.
  const body = /\{"jsonrpc".*\}/s.exec(data?.text ?? message)?.[0];
  if (body !== undefined) {
    try {
      const { error: inner } = JSON.parse(body) as { error: Refusal };
      return { refusal: { code: inner.code, message: inner.message, data: inner.data } };
    } catch {
      // Not the answer that it looked like.
    }
  }
  // The 2025 SDK uses these two for "the connection closed" and "time ran out", which no server sent.
  if (typeof code !== "number" || code === -32_000 || code === -32_001) return { lost: message };
  return { refusal: { code, message: message.replace(/^MCP error -?\d+: /, ""), data } };
}

/** How an attempt is told of in a failure: `a result`, `JSON-RPC error -32602 (…)`, `no answer within …`. */
export function describe({ result, refusal, lost }: Attempt<unknown>): string {
  if (refusal !== undefined) return `JSON-RPC error ${refusal.code} (${cut(refusal.message)})`;
  if (lost !== undefined) return `no answer: ${cut(lost)}`;
  const { isError, text } = (result ?? {}) as Partial<ToolOutcome>;
  if (isError === true) return `an error result (${cut(text ?? "")})`;
  return `a result (${cut(JSON.stringify(result) ?? "nothing")})`;
}

/** The problem, unless the request is refused with -32602. */
export async function invalidParams(what: string, work: Promise<unknown>): Promise<string | undefined> {
  const answer = await attempt(work);
  if (answer.refusal?.code === ErrorCode.invalidParams) return undefined;
  return `${what} must be refused with -32602; it got ${describe(answer)}.`;
}

/** Whether core hid what a handler threw: a failure that nobody planned. */
export const isMasked = ({ meta }: ToolOutcome): boolean =>
  typeof (meta["offshoot/error"] as { correlationId?: unknown } | undefined)?.correlationId === "string";

/** Text for a failure message, short enough to read. */
export function cut(text: string, limit = 240): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`;
}

/** Whether a text names a field, as a word of its own: "ids" does not name "id". */
export function names(text: string, field: string): boolean {
  const literal = field.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w$])${literal}(?![\\w$])`).test(text);
}
