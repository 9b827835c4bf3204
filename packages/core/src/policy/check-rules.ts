import type { Item } from "../call/access.ts";
import type { Caller } from "../contract/context.ts";
import type { Policy, PolicyRule, PolicyWho } from "../contract/policy.ts";
import { nearest, SettingsError } from "../flags.ts";
import { isAbout, isLike, names } from "./match.ts";
import { placeOf } from "./schema.ts";

/**
 * A rule that can never match says something that does not hold, and its author relies on it.
 *
 * @throws SettingsError naming the rule and what to do: for a name that nothing has, a name given twice, a refusal with
 * conditions, and a rule that others come before in every case
 */
export function checkRules(policy: Policy, items: readonly Item[]): void {
  const { rules } = policy;
  for (const [index, rule] of rules.entries()) {
    const refuse = (place: readonly PropertyKey[], problem: string): never => {
      throw new SettingsError(`${placeOf(policy, ["rules", index, ...place])}: ${problem}`);
    };
    const twin = rules.findIndex(({ name }) => name === rule.name);
    if (twin < index) refuse(["name"], `rules[${twin}] has this name. Give one of them another.`);
    checkPatterns(rule, items, refuse);
    const conditions = (["scopes", "callsPerSecond", "atOnce", "confirm"] as const).filter(
      (key) => rule[key] !== undefined,
    );
    if (rule.decision === "deny" && conditions.length > 0)
      refuse([], `it denies, and ${conditions.join(" and ")} would never count. Take them out, or allow.`);
    const meant = items.filter((item) => names(rule, item));
    if (meant.length === 0)
      refuse(["what"], "no tool, resource or prompt of this server is like that. Widen it, or take the rule out.");
    const before = rules.slice(0, index);
    const shadows = shadowsOf(rule, meant, before);
    if (shadows !== undefined)
      refuse(
        [],
        `it can never match: ${shadows.map(({ name }) => JSON.stringify(name)).join(" and ")} before it ${shadows.length === 1 ? "takes" : "take"} every call that it is about. Move it up, or take it out.`,
      );
  }
}

function checkPatterns(
  { what }: PolicyRule,
  items: readonly Item[],
  refuse: (place: readonly PropertyKey[], problem: string) => never,
): void {
  if (what === "everything") return;
  for (const kinds of ["tools", "resources", "prompts"] as const) {
    const kind = kinds.slice(0, -1);
    const known = items
      .filter((item) => item.kind === kind)
      .flatMap((item) => (item.kind === "resource" ? [item.name, item.uri] : [item.name]));
    for (const [index, pattern] of (what[kinds] ?? []).entries()) {
      if (pattern === "*" || known.some((text) => isLike(text, pattern))) continue;
      const hint = nearest(pattern, known) || " `npx create-offshoot policy` shows the names.";
      refuse(["what", kinds, index], `no ${kind} of this server is called ${JSON.stringify(pattern)}.${hint}`);
    }
  }
}

/** The rules that leave nothing for this one; `undefined` where something is left. */
function shadowsOf(rule: PolicyRule, meant: readonly Item[], before: readonly PolicyRule[]): PolicyRule[] | undefined {
  const shadows = new Set<PolicyRule>();
  for (const caller of leastCallers(rule.who)) {
    for (const item of meant) {
      const first = before.find((other) => isAbout(other.who, caller) && names(other, item));
      if (first === undefined) return undefined;
      shadows.add(first);
    }
  }
  return [...shadows];
}

/**
 * Callers that a rule is about and as few other rules as possible: nothing but the scopes it asks for, and an id that no
 * rule names unless it names ids. Every condition is one of holding something, so that a caller who holds more meets all
 * the conditions that these meet.
 */
export function leastCallers(who: PolicyWho): Caller[] {
  // Recognised callers' ids are never empty.
  const other: Caller = { id: "", scopes: [] };
  if (who === "everyone") return [{ id: "local" }, { id: "anonymous" }, other];
  if (who === "local" || who === "anonymous") return [{ id: who }];
  if (who === "authenticated") return [other];
  const { callers = [""], scopes = [] } = who;
  return callers.map((id) => ({ id, scopes }));
}
