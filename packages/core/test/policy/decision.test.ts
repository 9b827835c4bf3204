// Decisions, compared with implementations that share no code with ours.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isCallable } from "../../src/call/access.ts";
import type { Caller } from "../../src/contract/context.ts";
import type { Policy, PolicyRule } from "../../src/contract/policy.ts";
import { checkRules } from "../../src/policy/check-rules.ts";
import { compilePolicy, itemsOf } from "../../src/policy/compile.ts";
import { managedPolicies } from "../../src/policy/managed.ts";
import { isLike } from "../../src/policy/match.ts";
import { anyCaller, anyPolicy, CALLERS, createPotServer, TOOLS } from "./fixture.ts";

const server = createPotServer();
const items = itemsOf(server);
const compile = (policy: Policy) => compilePolicy(policy, server, { label: "x", record: () => {} });

/** By the words of the documentation, a line each; patterns by regular expressions. */
function byTheBook(policy: Policy, caller: Caller, item: (typeof items)[number]): "hidden" | "forbidden" | "allowed" {
  const kind = caller.scopes === undefined && ["local", "anonymous"].includes(caller.id) ? caller.id : "authenticated";
  const held = (all: readonly string[]) =>
    caller.scopes === undefined || all.every((one) => caller.scopes?.includes(one));
  const like = (list: readonly string[] = []) =>
    list.some((glob) => {
      const regex = new RegExp(`^${glob.replace(/[{}]/g, "\\$&").replaceAll("*", "[^]*")}$`);
      return regex.test(item.name) || (item.kind === "resource" && regex.test(item.uri));
    });
  const says = item.kind === "tool" ? item.annotations : undefined;
  const changes = !says?.readOnlyHint;
  const destroys = changes && says?.destructiveHint !== false;
  const matches = ({ who, what }: PolicyRule): boolean => {
    if (typeof who === "string" && who !== "everyone" && who !== kind) return false;
    if (typeof who === "object" && kind !== "authenticated") return false;
    if (typeof who === "object" && !(who.callers ?? [caller.id]).includes(caller.id)) return false;
    if (typeof who === "object" && !held(who.scopes ?? [])) return false;
    if (what === "everything") return true;
    if (what.scoped !== undefined && what.scoped !== (item.scopes ?? []).length > 0) return false;
    if (item.kind === "resource") return like(what.resources);
    if (item.kind === "prompt") return like(what.prompts);
    const conditions = what.readOnly !== undefined || what.destructive !== undefined;
    if (!(what.tools === undefined ? conditions : like(what.tools))) return false;
    return (what.readOnly ?? !changes) === !changes && (what.destructive ?? destroys) === destroys;
  };
  const rule = policy.rules.find(matches);
  if ((rule?.decision ?? policy.default) === "deny") return "hidden";
  if (rule?.scopes?.length && kind === "anonymous") return "hidden";
  const needed = [...(item.scopes ?? []), ...(kind === "authenticated" ? (rule?.scopes ?? []) : [])];
  return held(needed) ? "allowed" : "forbidden";
}

test("every decision is the one of a second implementation", () => {
  const seen = { hidden: 0, forbidden: 0, allowed: 0 };
  fc.assert(
    fc.property(anyPolicy, anyCaller, (policy, caller) => {
      const access = compile(policy);
      for (const item of items) {
        const expected = byTheBook(policy, caller, item);
        const { allow } = access.decide(caller, item);
        const ours = !allow ? "hidden" : isCallable(access, caller, item) ? "allowed" : "forbidden";
        expect(`${item.name}: ${ours}`).toBe(`${item.name}: ${expected}`);
        seen[expected] += 1;
      }
    }),
    { numRuns: 1_000 },
  );
  // A generator that reaches only one of them proves nothing.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(200);
});

/** All callers that a policy could tell apart. */
const allCallers: Caller[] = [
  { id: "local" },
  { id: "anonymous" },
  ...[...CALLERS, "eve"].flatMap((id) => [
    { id },
    ...Array.from({ length: 8 }, (_, bits) => ({
      id,
      scopes: ["pots:read", "pots:write", "pots:admin"].filter((_, at) => (bits & (1 << at)) !== 0),
    })),
  ]),
];

test("a rule is refused exactly where it decides nothing for anyone", () => {
  let refused = 0;
  fc.assert(
    fc.property(anyPolicy, (policy) => {
      const names = policy.rules.map((rule, index) => ({ ...rule, name: `rule ${index}` }));
      // What else is wrong with a rule is another test's.
      const rules = names.map(({ scopes, ...rule }) => (rule.decision === "deny" ? rule : { ...rule, scopes }));
      const access = compile({ ...policy, rules });
      const alive = new Set(allCallers.flatMap((caller) => items.map((item) => access.ruleOf(caller, item)?.name)));
      const dead = rules.find(({ name }) => !alive.has(name));
      let message = "";
      try {
        checkRules({ ...policy, rules }, items);
      } catch (error) {
        message = (error as Error).message;
      }
      if (/no (tool|resource|prompt) of this server is called/.test(message)) return;
      if (dead === undefined) expect(message).toBe("");
      else expect(message).toContain(JSON.stringify(dead.name));
      if (dead !== undefined) refused += 1;
    }),
    { numRuns: 1_000 },
  );
  expect(refused).toBeGreaterThan(100);
});

test("a pattern is what a regular expression of its parts says", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "_"), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "_", "*"), maxLength: 6 });
  fc.assert(
    fc.property(text, pattern, (text, pattern) => {
      expect(isLike(text, pattern)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text));
    }),
    { numRuns: 5_000 },
  );
  // A regular expression of this pattern takes minutes for it.
  expect(isLike("a".repeat(40), `${"*a".repeat(25)}b`)).toBe(false);
});

/** What each managed policy lets through, read off its line in the documentation. */
const table: [policy: string, caller: Caller, allowed: string[]][] = [
  ["read-only", { id: "local" }, ["read_pots", "read_shelf"]],
  ["read-only", { id: "ada", scopes: ["pots:write", "pots:admin"] }, ["read_shelf"]],
  ["local", { id: "anonymous" }, Object.keys(TOOLS)],
  ["standard", { id: "local" }, Object.keys(TOOLS)],
  ["standard", { id: "anonymous" }, ["read_pots", "read_shelf"]],
  ["standard", { id: "ada", scopes: ["pots:write"] }, ["read_shelf", "write_pot"]],
  ["strict", { id: "local" }, Object.keys(TOOLS)],
  ["strict", { id: "anonymous" }, []],
  // A tool that says nothing about who may call it is not for callers from outside.
  ["strict", { id: "ada", scopes: ["pots:read"] }, ["read_pots"]],
];
test.each(table)("%s lets %j call what its line says", (name, caller, allowed) => {
  const access = compile(managedPolicies[name] as Policy);
  const callable = [...server.tools.values()].filter((tool) => isCallable(access, caller, tool));
  expect(callable.map(({ name }) => name)).toEqual(allowed);
});

test("a caller that authenticates under the id of nobody is not taken for it", () => {
  const policy: Policy = {
    default: "deny",
    rules: [{ name: "own", who: "local", what: "everything", decision: "allow" }],
    roots: { local: ["/"] },
  };
  const decide = (caller: Caller) => compile(policy).decide(caller, items[0] as (typeof items)[number]);
  expect(decide({ id: "local" })).toMatchObject({ allow: true, roots: ["/"] });
  expect(decide({ id: "local", scopes: [] })).toMatchObject({ allow: false, roots: [] });
  expect(decide({ id: "constructor", scopes: [] })).toMatchObject({ roots: [] });
});
