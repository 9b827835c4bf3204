// Which rules are refused, what a pattern says, and what each managed policy lets through.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isCallable } from "../../src/call/access.ts";
import type { Caller } from "../../src/contract/context.ts";
import type { Policy } from "../../src/contract/policy.ts";
import { defineServer, type Tool } from "../../src/index.ts";
import { checkRules } from "../../src/policy/check-rules.ts";
import { compilePolicy, itemsOf } from "../../src/policy/compile.ts";
import { managedPolicies } from "../../src/policy/managed.ts";
import { isLike } from "../../src/policy/match.ts";
import { anyPolicy, CALLERS, createPotServer, TOOLS } from "./fixture.ts";

const server = createPotServer();
const items = itemsOf(server);
const compile = (policy: Policy) => compilePolicy(policy, server, { label: "x", record: () => {} });

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

test("a rule about a tool is about what is another way to it, and a name that no tool has is refused", () => {
  const { read_shelf, write_pot, break_pot } = Object.fromEntries(server.tools) as Record<string, Tool>;
  const both = defineServer({
    name: "pots",
    version: "1.0.0",
    tools: [read_shelf, break_pot, { ...(write_pot as Tool), sameAs: "break_pot" }] as Tool[],
  });
  const deny = { name: "kept", who: "everyone", what: { tools: ["break_*"] }, decision: "deny" } as const;
  const { decide } = compilePolicy({ default: "allow", rules: [deny] }, both, { label: "", record: () => {} });
  const allowed = [...both.tools.values()].filter((tool) => decide({ id: "local" }, tool).allow);
  expect(allowed.map(({ name }) => name)).toEqual(["read_shelf"]);
  for (const sameAs of ["break_pots", "write_pot", "constructor"])
    expect(() =>
      defineServer({ name: "pots", version: "1.0.0", tools: [break_pot, { ...write_pot, sameAs }] as Tool[] }),
    ).toThrow(`tool "write_pot" is the same as "${sameAs}"`);
});
