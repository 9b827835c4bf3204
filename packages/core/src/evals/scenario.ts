import type { CheckOptions } from "../testing/check.ts";
import type { Reply } from "../testing/client.ts";

/** What must be true of one answer. At least one of `text`, `data` and `refused` says what must be there. */
export interface Expectation {
  /** Texts that the answer must have. */
  text?: readonly string[] | undefined;
  /** Texts that must not be in it, in either channel. */
  notText?: readonly string[] | undefined;
  /** What the structured channel must have; what is not named here may be anything. A list has as many items as here. */
  data?: unknown;
  /** The call must be refused, with these texts in the refusal: what was wrong, and the next step of the model. */
  refused?: readonly string[] | undefined;
  /** Whether what the server keeps (`state`) may change, or must. @default either */
  state?: "same" | "changed" | undefined;
}

/** A call of a tool, or a read of a resource. Without `expect` it must be answered and not refused. */
export interface Step {
  /** A tool by its name. */
  call?: string | undefined;
  /** A resource by its URI. */
  read?: string | undefined;
  /** Arguments. A text `{note.id}` stands for that value of the answer that was kept as `note`. */
  input?: Readonly<Record<string, unknown>> | undefined;
  /** Keeps the answer's structured data under this name, for the steps that follow. */
  as?: string | undefined;
  /** Who calls, where the server has several callers; then it runs over HTTP. @default one caller */
  by?: string | undefined;
  expect?: Expectation | undefined;
}

/** Something that a server must do well, as data. */
export interface Scenario {
  /** A sentence about behaviour: what must be so. It identifies the scenario in the lock. */
  name: string;
  /** `adversarial`: the input, the data or the caller means harm, or the model is mistaken. */
  kind: "golden" | "adversarial";
  /** What a user asks for. With a model, it decides by this; without a task a scenario runs without a model only. */
  task?: string | undefined;
  /** What was there before: played as written, with a model too. */
  given?: readonly Step[] | undefined;
  /** The calls in order. With a model: those that it must make, with these arguments at least. */
  steps: readonly Step[];
  /** Tools that a model must not call here. */
  mustNotCall?: readonly string[] | undefined;
  /** Texts that a model's last words must have, and must not. */
  says?: Pick<Expectation, "text" | "notText"> | undefined;
  /** What the user answers when the server asks. @default the client cannot ask */
  user?: Reply | undefined;
}

/** Scenarios, and the server that they are played on. */
export interface Eval {
  /** Identifies it in the lock. */
  name: string;
  /** Made for each scenario, so that none sees what another left behind. With `state`, side effects can be judged. */
  server: Exclude<CheckOptions["server"], { kind: unknown }>;
  /** Scopes of every caller that a step names with `by`. */
  scopes?: readonly string[] | undefined;
  scenarios: readonly Scenario[];
}
