import { isDeepStrictEqual } from "node:util";
import type { Gate } from "../admission/gate.ts";
import { Call } from "../call/call.ts";
import { parseWith } from "../call/normalize.ts";
import { plain } from "../call/output/plain.ts";
import { settle } from "../call/settle.ts";
import { quietWire } from "../call/wire.ts";
import type { Candidate } from "../contract/candidate.ts";
import { isWithContent } from "../contract/content.ts";
import { isToolError } from "../contract/errors.ts";
import type { Tool } from "../contract/tool.ts";
import type { Log } from "../telemetry/log.ts";

/** Who takes the places of what runs in the shadow: no caller waits or is refused because of it. */
const NOBODY = { id: "offshoot:shadow" };

/** What came of a call, as far as it is compared. */
export type Came = { value: unknown } | { failed: string; code: string | undefined };

/** @returns what a handler's end is compared by; `undefined` for a bug, with which there is nothing to compare */
export const failureOf = (error: unknown): Came | undefined =>
  isToolError(error) ? { failed: error.code ?? error.message, code: error.code } : undefined;

/**
 * Runs a candidate on the input of a call that is over, and compares. It has places and a deadline of its own, in the
 * background lane: where there is no room, this one is left out.
 *
 * @returns `undefined` when it did not run, else what differs, or "" for nothing
 */
export async function runInShadow(
  tool: Tool,
  input: unknown,
  call: Call,
  came: Came,
  { gate, log, timeoutMs }: { gate: Gate; log: Log; timeoutMs: number },
): Promise<string | undefined> {
  const { era, client, caller, decision } = call;
  // The answer goes out first: a candidate may keep the process busy.
  await new Promise(setImmediate);
  const place = new Call(call.method, quietWire({ caller: NOBODY }), log);
  const shadow = new Call(call.method, quietWire({ era, client, caller }), log);
  shadow.name = call.name;
  shadow.decision = decision;
  try {
    place.open(timeoutMs);
    await gate.enter(place, "background");
  } catch {
    return undefined;
  }
  try {
    shadow.open(timeoutMs);
    shadow.begin();
    const work = Promise.resolve((tool.candidate as Candidate).handler(input, shadow));
    return await compare(tool, came, { value: await settle(shadow, work, shadow.endsAt) });
  } catch (error) {
    const failed = failureOf(error);
    if (failed !== undefined) return compare(tool, came, failed);
    log.error({ name: tool.name, correlationId: call.correlationId, err: error }, "the candidate failed in the shadow");
    return "the candidate failed";
  } finally {
    gate.leave(place);
  }
}

/** In words without the data: they go to the log and the audit. */
async function compare(tool: Tool, came: Came, candidate: Came): Promise<string> {
  if ("failed" in came || "failed" in candidate) {
    if ("failed" in came && "failed" in candidate && came.failed === candidate.failed) return "";
    const [one, other] = [came, candidate].map(describeEnd);
    return one === other ? `both ${one}, in other words` : `the handler ${one}, the candidate ${other}`;
  }
  const [one, other] = [await dataOf(tool, came.value), await dataOf(tool, candidate.value)];
  if (other === undefined) return "the candidate returned what outputSchema refuses";
  const { same = isSame } = tool.candidate as Candidate;
  return one === undefined || same(one, other) ? "" : `other data in ${membersOf(one, other).join(", ")}`;
}

async function dataOf({ outputSchema }: Tool, value: unknown): Promise<Record<string, unknown> | undefined> {
  const parsed = await parseWith(outputSchema, isWithContent(value) ? value.data : value);
  return parsed.success ? (parsed.data as Record<string, unknown>) : undefined;
}

const membersOf = (one: Record<string, unknown>, other: Record<string, unknown>): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (key) => !isSame({ at: one[key] }, { at: other[key] }),
  );

/** As clients would see them: there, a member that is undefined is none. */
const isSame = (one: unknown, other: unknown): boolean => isDeepStrictEqual(plain(one), plain(other));

function describeEnd(end: Came): string {
  if (!("failed" in end)) return "answered";
  return end.code === undefined ? "failed" : `failed (${end.code})`;
}
