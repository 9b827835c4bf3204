import type { CallContext } from "./context.ts";
import { DefinitionError } from "./errors.ts";
import { checkFunction } from "./names/names.ts";

/** How much worse than the handler beside it a candidate may be. What is worse with confidence fails its gate. */
export interface Gates {
  /** Calls on each side before a gate judges: with fewer it waits, and never passes. @default 100 */
  minCalls?: number | undefined;
  /** How sure a gate must be that the candidate is worse: 0.5 to 0.9999. @default 0.99 */
  confidence?: number | undefined;
  /** By how much the share of calls may grow that fail for a reason inside, or out of time. @default 0.01 */
  errors?: number | undefined;
  /** By how much the share of calls may grow that end in an expected failure (`fail`). @default 0.05 */
  refusals?: number | undefined;
  /** How many times as long a call may take, as a rule. What takes less than 1 ms counts as 1 ms. @default 1.1 */
  p50?: number | undefined;
  /** The same for the slow ones. @default 1.25 */
  p95?: number | undefined;
  /** In the shadow: which share of the answers may differ. @default 0 */
  differences?: number | undefined;
}

/** All gates, the defaults in place. @internal */
export type GateValues = { readonly [Gate in keyof Gates]-?: number };

/** Another handler for a tool, tried on a share of its calls before it takes all of them. */
export interface CandidateOptions<Input, Output, Reply> {
  /** Takes and returns what the tool's `handler` does. */
  handler: (input: Input, call: CallContext) => Reply | Promise<Reply>;
  /** Shares of callers in percent, rising to 100. A caller stays with the candidate as the share grows. @default [1, 5, 25, 50, 100] */
  steps?: readonly number[] | undefined;
  /** Time from one gate to the next: "30s", "5m", "1h". @default "5m" */
  every?: string | undefined;
  gates?: Gates | undefined;
  /**
   * Before the first step, runs beside the handler of a read-only tool, after it and in the background: answers are
   * compared, and only the handler's is sent.
   *
   * @default false
   */
  shadow?: boolean | undefined;
  /** Whether two answers say the same. @default when their data are equal */
  same?: ((answer: Output, candidate: Output) => boolean) | undefined;
}

/** A candidate as data, its defaults in place. */
export interface Candidate {
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists; defineTool has checked the pair
  readonly handler: (input: any, call: CallContext) => unknown;
  readonly steps: readonly number[];
  readonly everyMs: number;
  readonly gates: GateValues;
  readonly shadow: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists
  readonly same?: ((answer: any, candidate: any) => boolean) | undefined;
}

const GATES: GateValues = {
  minCalls: 100,
  confidence: 0.99,
  errors: 0.01,
  refusals: 0.05,
  p50: 1.1,
  p95: 1.25,
  differences: 0,
};
const LIMITS: Record<keyof Gates, readonly [least: number, most: number]> = {
  minCalls: [20, 1_000_000],
  confidence: [0.5, 0.9999],
  errors: [0, 1],
  refusals: [0, 1],
  p50: [1, 100],
  p95: [1, 100],
  differences: [0, 1],
};

const MAX_TIMER_MS = 2 ** 31 - 1;
const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** What a candidate's tool says of itself. */
interface Tried {
  annotations?: { readOnlyHint?: boolean | undefined; idempotentHint?: boolean | undefined } | undefined;
  idempotency?: object | undefined;
}

/** @throws DefinitionError for a candidate that could do harm by being tried, or whose plan is none */
export function makeCandidate(
  where: string,
  {
    handler,
    steps = [1, 5, 25, 50, 100],
    every = "5m",
    gates = {},
    shadow = false,
    same,
  }: // biome-ignore lint/suspicious/noExplicitAny: the erased form, as a tool holds it
  CandidateOptions<any, any, unknown>,
  { annotations, idempotency }: Tried,
): Candidate {
  const name = `The candidate of ${where}`;
  checkFunction(name, "handler", handler);
  const readOnly = annotations?.readOnlyHint === true;
  if (!readOnly && annotations?.idempotentHint !== true && idempotency === undefined)
    throw new DefinitionError(
      `${name} may change data, and a call that is repeated may meet the other handler. Give ${where} an idempotency key, or say annotations: { idempotentHint: true } where that is so.`,
    );
  if (shadow && !readOnly)
    throw new DefinitionError(
      `${name} cannot run in the shadow: what changes data would change it twice. Only a read-only tool can.`,
    );
  const rising = Array.isArray(steps) && steps.every((step, index) => step > (steps[index - 1] ?? 0));
  if (!rising || steps.at(-1) !== 100)
    throw new DefinitionError(
      `${name}: steps must be shares in percent that rise to 100, got ${JSON.stringify(steps)}.`,
    );
  const [, count, unit] = /^([1-9]\d{0,4})([smh])$/.exec(every) ?? [];
  if (unit === undefined)
    throw new DefinitionError(
      `${name}: every must be a time such as "30s", "5m" or "1h", got ${JSON.stringify(every)}.`,
    );
  const everyMs = Number(count) * (UNITS[unit] as number);
  // A timer that is set for longer goes off at once.
  if (everyMs > MAX_TIMER_MS) throw new DefinitionError(`${name}: every must be at most 24 days, got ${every}.`);
  for (const [gate, value] of Object.entries(gates)) {
    const [least, most] = LIMITS[gate as keyof Gates] ?? [];
    if (least === undefined)
      throw new DefinitionError(`${name}: there is no gate "${gate}". There are ${Object.keys(GATES).join(", ")}.`);
    if (value !== undefined && !(value >= least && value <= (most as number)))
      throw new DefinitionError(`${name}: the gate ${gate} must be from ${least} to ${most}, got ${String(value)}.`);
  }
  const given = Object.fromEntries(Object.entries(gates).filter(([, value]) => value !== undefined));
  return {
    handler,
    steps,
    everyMs,
    gates: { ...GATES, ...given },
    shadow,
    same,
  };
}
