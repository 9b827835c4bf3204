import type { Step } from "./scenario.ts";

/** What came of a call or a read. */
export interface Answer {
  /** The text blocks; of a protocol error, its message. */
  text: string;
  data: unknown;
  refused: boolean;
  /** Whether what the server keeps is the same as before; `undefined` where it has no `state`. */
  same: boolean | undefined;
}

/** A call that was made, what it answered, and the step that asked for it with its places filled. */
export interface Played {
  call: string;
  input: Readonly<Record<string, unknown>>;
  answer: Answer;
  step?: Step | undefined;
}

/** Everything that happened in a scenario. */
export interface Transcript {
  /** The names of the server's tools; none where there was no server. */
  tools: readonly string[];
  played: Played[];
  /** A model's last words. */
  says?: string | undefined;
  /** Why it ended early. */
  broken?: string | undefined;
}
