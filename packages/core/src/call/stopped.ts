import { ToolError } from "../contract/errors.ts";

/** Why a call stopped before its handler was done. */
export class Stopped extends Error {
  readonly why: "cancelled" | "deadline";

  constructor(why: "cancelled" | "deadline", message: string) {
    super(message);
    this.name = why === "cancelled" ? "AbortError" : "TimeoutError";
    this.why = why;
  }
}

/** What a model reads when its call ran out of time. */
export const timeoutError = (name: string, timeoutMs: number): ToolError =>
  new ToolError(
    `${name} did not finish within ${timeoutMs} ms and was stopped. Its work may be half done: look before you call it again, or ask for less.`,
    {
      code: "deadline_exceeded",
    },
  );
