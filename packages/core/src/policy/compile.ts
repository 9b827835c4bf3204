import { createHash } from "node:crypto";
import type { Access, Decision, Item } from "../call/access.ts";
import type { Caller } from "../contract/context.ts";
import { ErrorCode, ProtocolError } from "../contract/errors.ts";
import type { Policy, PolicyRule } from "../contract/policy.ts";
import type { ServerDefinition } from "../contract/server.ts";
import type { ControlEvent } from "../control/events.ts";
import { confirm } from "./confirm.ts";
import { createRuleLimits } from "./limits.ts";
import { isAbout, kindOf, names } from "./match.ts";

/** What {@link compilePolicy} takes beside the policy. */
export interface CompileOptions {
  label: string;
  /** Keeps an audited call, for good unless `waits`. @throws Error where it cannot */
  record: (event: ControlEvent) => void;
}

/** All that a policy can be about, in the order of the definition. */
export const itemsOf = ({ tools, resources, prompts }: ServerDefinition): Item[] => [
  ...tools.values(),
  ...resources.values(),
  ...prompts.values(),
];

/** Makes a policy ready to decide: which rules are about which item is found once, who calls is looked at each time. */
export function compilePolicy(
  policy: Policy,
  definition: ServerDefinition,
  { label, record }: CompileOptions,
): Access & { ruleOf(caller: Caller, item: Item): PolicyRule | undefined } {
  const begins = new Map(policy.rules.map((rule) => [rule, beginOf(rule, record)]));
  const rulesOf = new Map(
    itemsOf(definition).map((item) => [item, policy.rules.filter((rule) => names(rule, item))] as const),
  );
  const ruleOf = (caller: Caller, item: Item): PolicyRule | undefined =>
    rulesOf.get(item)?.find(({ who }) => isAbout(who, caller));
  const rootsOf = (caller: Caller): readonly string[] | undefined => {
    const { roots } = policy;
    if (roots === undefined) return undefined;
    const { id } = caller;
    // A recognised caller may be called "local", and an id such as "constructor" must not find what objects inherit.
    const isOther = (id === "local" || id === "anonymous") && kindOf(caller) !== id;
    return !isOther && Object.hasOwn(roots, id) ? roots[id] : [];
  };
  const toolsOf = Map.groupBy(definition.tools.values(), ({ view }) => view as Item | undefined);
  /** A view is what its tools are, for those who may call one of them, where no rule is about resources. */
  const toolsThatDecide = (item: Item, rule: PolicyRule | undefined): Item[] | undefined =>
    item.kind === "resource" && (rule === undefined || rule.what === "everything") ? toolsOf.get(item) : undefined;
  const access: ReturnType<typeof compilePolicy> = {
    label,
    scopes: policy.rules.flatMap(({ scopes = [] }) => scopes),
    ruleOf,
    rootsOf,
    decide(caller, item): Decision {
      const rule = ruleOf(caller, item);
      const roots = rootsOf(caller);
      const tools = toolsThatDecide(item, rule);
      if (tools !== undefined) {
        const allow = tools.some((tool) => access.decide(caller, tool).allow);
        return { allow, scopes: [], roots, begin: rule && begins.get(rule) };
      }
      if (rule === undefined) return { allow: policy.default === "allow", scopes: [], roots };
      const { scopes = [] } = rule;
      const kind = kindOf(caller);
      return {
        // No one gives scopes to a caller that nobody authenticates; the server's own user needs none.
        allow: rule.decision === "allow" && (scopes.length === 0 || kind !== "anonymous"),
        scopes: kind === "authenticated" ? scopes : [],
        roots,
        begin: begins.get(rule),
        ...(rule.confirm === true && { confirm: (call, name, input) => confirm(rule.name, call, name, input) }),
      };
    },
  };
  return access;
}

/** What happens when a call begins under a rule: limits first, so that a refused call is not recorded. */
function beginOf(rule: PolicyRule, record: (event: ControlEvent) => void): Decision["begin"] {
  const take = createRuleLimits(rule);
  const { audit = "none" } = rule;
  if (take === undefined && audit === "none") return undefined;
  return (call, { writes = false, input }) => {
    const release = take?.(call.caller.id);
    if (audit === "none") return release;
    const inputs = audit === "calls" ? {} : { inputs: digestOf(input) };
    try {
      record({
        what: "call",
        name: call.name,
        before: null,
        after: { method: call.method, rule: rule.name, correlationId: call.correlationId, ...inputs },
        by: `caller ${call.caller.id}`,
        // What changes something has no proof without its record; what reads goes on while the disk is full.
        waits: !writes,
      });
    } catch {
      release?.();
      throw new ProtocolError(
        ErrorCode.internal,
        `${call.name} was not begun: its record cannot be written. Tell the people who run this server; reading still works.`,
      );
    }
    return release;
  };
}

/** Names what a call was given, without saying it. */
const digestOf = (input: unknown): string =>
  `sha256-${createHash("sha256")
    .update(JSON.stringify(input) ?? "")
    .digest("hex")}`;
