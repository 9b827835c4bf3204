// Decisions, with casbin as the judge: its priority effect takes the first rule that matches, its roles say what callers
// and items are. Only the words of a rule are translated here; order, matching and roles are casbin's.
import { newEnforcer, newModelFromString, StringAdapter } from "casbin";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isCallable } from "../../src/call/access.ts";
import type { Caller } from "../../src/contract/context.ts";
import type { Policy, PolicyRule, PolicyWho } from "../../src/contract/policy.ts";
import { compilePolicy, itemsOf } from "../../src/policy/compile.ts";
import { managedPolicies } from "../../src/policy/managed.ts";
import { anyCaller, anyPolicy, createPotServer } from "./fixture.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";

const MODEL = `
[request_definition]
r = sub, obj, name, uri
[policy_definition]
p = rule, eft
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = eval(p.rule)
`;
const SCOPES = ["pots:read", "pots:write", "pots:admin"];
const server = createPotServer();
const items = itemsOf(server);
type Item = (typeof items)[number];

const all = (terms: string[]): string => (terms.length === 0 ? "true" : `(${terms.join(" && ")})`);
const any = (terms: string[]): string => (terms.length === 0 ? "false" : `(${terms.join(" || ")})`);
const is = (role: string): string => `g(r.sub, "${role}")`;
const has = (role: string): string => `g2(r.obj, "${role}")`;
const holds = (scopes: readonly string[]): string => all(scopes.map((scope) => is(`scope ${scope}`)));

/** `[^]` is any character, and no dot that casbin would take for one of its own. */
const like = (patterns: readonly string[], texts: string[]): string =>
  any(
    patterns.flatMap((pattern) => {
      const regex = `^${pattern.replace(/[{}]/g, "[$&]").replaceAll("*", "[^]*")}$`;
      return texts.map((text) => `regexMatch(r.${text}, "${regex}")`);
    }),
  );

function whoSays(who: PolicyWho): string {
  if (typeof who === "string") return who === "everyone" ? "true" : is(`kind ${who}`);
  const { callers, scopes = [] } = who;
  const named = callers === undefined ? "true" : any(callers.map((id) => is(`id ${id}`)));
  return all([is("kind authenticated"), named, holds(scopes)]);
}

function whatSays(what: PolicyRule["what"]): string {
  if (what === "everything") return "true";
  const { tools, resources = [], prompts = [], readOnly, destructive, scoped } = what;
  const flag = (role: string, wanted: boolean | undefined): string[] =>
    wanted === undefined ? [] : [wanted ? has(role) : `!${has(role)}`];
  const hints = [...flag("reads", readOnly), ...flag("destroys", destructive)];
  const named = tools === undefined ? String(hints.length > 0) : like(tools, ["name"]);
  return all([
    ...flag("scoped", scoped),
    any([
      all([has("tool"), named, ...hints]),
      all([has("resource"), like(resources, ["name", "uri"])]),
      all([has("prompt"), like(prompts, ["name"])]),
    ]),
  ]);
}

function rolesOf(item: Item): string[] {
  const { readOnlyHint = false, destructiveHint = true } = (item.kind === "tool" && item.annotations) || {};
  const scoped = (item.scopes ?? []).length > 0;
  return [
    item.kind,
    readOnlyHint && "reads",
    !readOnlyHint && destructiveHint && "destroys",
    scoped && "scoped",
  ].filter((role) => role !== false);
}

function rolesOfCaller({ id, scopes }: Caller): string[] {
  const kind = scopes === undefined && ["local", "anonymous"].includes(id) ? id : "authenticated";
  return [`kind ${kind}`, `id ${id}`, ...(scopes ?? SCOPES).map((scope) => `scope ${scope}`)];
}

/** What a policy says of one caller: of seeing a thing, and of using it. */
async function judge(policy: Policy, caller: Caller) {
  const seeing: string[] = [];
  const using = items.flatMap(({ name, scopes = [] }) =>
    scopes.map((scope) => line(all([`r.obj == "${name}"`, `!${is(`scope ${scope}`)}`]), "deny")),
  );
  for (const { who, what, decision, scopes = [] } of policy.rules) {
    const matches = all([whoSays(who), whatSays(what)]);
    const noScopes = line(all([matches, is("kind anonymous"), String(scopes.length > 0)]), "deny");
    seeing.push(noScopes, line(matches, decision));
    const lacking = line(all([matches, is("kind authenticated"), `!${holds(scopes)}`]), "deny");
    using.push(noScopes, lacking, line(matches, decision));
  }
  const roles = [
    ...rolesOfCaller(caller).map((role) => `g, caller, ${role}`),
    ...items.flatMap((item) => rolesOf(item).map((role) => `g2, ${item.name}, ${role}`)),
  ];
  const open = (lines: string[]) =>
    newEnforcer(
      newModelFromString(MODEL),
      new StringAdapter([...lines, line("true", policy.default), ...roles].join("\n")),
    );
  const [sees, uses] = [await open(seeing), await open(using)];
  return (item: Item): "hidden" | "forbidden" | "allowed" => {
    const request = ["caller", item.name, item.name, item.kind === "resource" ? item.uri : ""] as const;
    if (!sees.enforceSync(...request)) return "hidden";
    return uses.enforceSync(...request) ? "allowed" : "forbidden";
  };
}
/** One line of casbin's policy, as CSV. */
const line = (rule: string, effect: string): string => `p, "${rule.replaceAll('"', '""')}", ${effect}`;

test("every decision is casbin's, for any policy", async () => {
  const seen = { hidden: 0, forbidden: 0, allowed: 0 };
  const chosen = fc.oneof(
    { weight: 9, arbitrary: anyPolicy },
    { weight: 1, arbitrary: fc.constantFrom(...Object.values(managedPolicies)) },
  );
  await fc.assert(
    fc.asyncProperty(chosen, anyCaller, async (policy, caller) => {
      const access = compilePolicy(policy, server, { label: "x", record: () => {} });
      const judged = await judge(policy, caller);
      for (const item of items) {
        const { allow } = access.decide(caller, item);
        const ours = !allow ? "hidden" : isCallable(access, caller, item) ? "allowed" : "forbidden";
        const theirs = judged(item);
        expect(`${item.name}: ${ours}`).toBe(`${item.name}: ${theirs}`);
        seen[theirs] += 1;
      }
    }),
    { numRuns: LONG ? 200 : 80 },
  );
  // A generator that reaches only one of them proves nothing.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(40);
});
