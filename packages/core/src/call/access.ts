import type { CallContext, Caller } from "../contract/context.ts";
import type { Prompt } from "../contract/prompt.ts";
import type { Resource } from "../contract/resource.ts";
import type { Tool } from "../contract/tool.ts";

/** What a caller asks for. */
export type Item = Tool | Resource | Prompt;

/** A policy made ready to decide. */
export interface Access {
  /** Names it in the log and the audit: `read-only`, or the file with the digest of its bytes. */
  readonly label: string;
  /** Every scope that a rule asks for. */
  readonly scopes: readonly string[];
  decide(caller: Caller, item: Item): Decision;
  /** Folders that a caller may work in; `undefined` for all. */
  rootsOf(caller: Caller): readonly string[] | undefined;
}

/** A call as a policy sees it. */
export interface DecidedCall {
  readonly caller: Caller;
  readonly method: string;
  readonly name: string;
  readonly correlationId: string;
  decision: Decision | undefined;
}

/** What a policy says of one caller and one tool, resource or prompt. A call keeps the one it began with. */
export interface Decision {
  /** `false`: for this caller there is no such thing. */
  readonly allow: boolean;
  /** Scopes that the rule asks for, beside those of the tool itself. */
  readonly scopes: readonly string[];
  /** Folders this caller may work in; `undefined` for all. */
  readonly roots: readonly string[] | undefined;
  /** Counts and records the call that begins; returns how to say that it has ended. @throws ProtocolError */
  begin?:
    | ((call: DecidedCall, subject: { writes?: boolean | undefined; input: unknown }) => (() => void) | undefined)
    | undefined;
  /** Asks a person, before each run of the handler. @throws ToolError where nobody agreed */
  confirm?: ((call: CallContext, name: string, input: unknown) => Promise<void>) | undefined;
}

/** Without a policy everything is there for everyone. */
export type AccessNow = () => Access | undefined;

/** Notes on the call what the policy decides. @returns whether the item exists for its caller */
export function isOffered(access: Access | undefined, call: DecidedCall, item: Item): boolean {
  if (access === undefined) return true;
  call.decision = access.decide(call.caller, item);
  return call.decision.allow;
}

/** Whether a caller may call it now, and so whether its lists show it. */
export function isCallable(access: Access | undefined, caller: Caller, item: Item): boolean {
  if (access === undefined) return true;
  const { allow, scopes } = access.decide(caller, item);
  const holds = (scope: string): boolean => caller.scopes?.includes(scope) ?? true;
  return allow && scopes.every(holds) && (item.scopes ?? []).every(holds);
}

/** The scopes that a call needs, its own and the policy's. */
export const scopesOf = (item: { scopes?: readonly string[] | undefined }, decision: Decision | undefined) =>
  decision === undefined || decision.scopes.length === 0
    ? item.scopes
    : [...new Set([...(item.scopes ?? []), ...decision.scopes])];
