// A policy file as people write it: what is wrong with one is told by the rule, the place, and what to do.
import { chmodSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Policy } from "../../src/contract/policy.ts";
import { checkRepeatedKeys } from "../../src/control/parse-json.ts";
import { openPolicy } from "../../src/policy/open.ts";
import { PolicySchema } from "../../src/policy/schema.ts";
import { anyPolicy, createPotServer, policyFile } from "./fixture.ts";

const served = { definition: createPotServer(), control: { record: () => {} }, audited: false };
const open = (policy: unknown, server = served) => openPolicy({ policy: policyFile(policy) }, server);
const rule = { name: "writers", who: "everyone", what: "everything", decision: "allow" };
const rules = (...more: object[]) => ({ default: "deny", rules: [...more.map((one) => ({ ...rule, ...one }))] });

const refused: [what: string, policy: unknown, said: RegExp][] = [
  ["no JSON", "{ rules:", /^--policy \S+: it is not JSON \(/],
  ["a key twice", '{"default":"deny","rules":[],"default":"allow"}', /it has "default" twice in one object/],
  [
    "a key twice in a rule",
    `{"default":"deny","rules":[${JSON.stringify(rule).replace('"decision"', '"decision":"deny","decision"')}]}`,
    /it has "decision" twice in one object/,
  ],
  ["a scope for all", rules({ scopes: ["files:*"] }), /scopes\[0\]: a scope has no .*\*: it is matched as it stands/],
  ["no default", { rules: [] }, /: default: /],
  [
    "an unknown key",
    { ...rules(), defalt: "deny" },
    /: the policy: there is no "defalt" here\. Did you mean default\?$/,
  ],
  [
    "an unknown key of a rule",
    rules({ scope: ["a"] }),
    /: rules\[0\] "writers": there is no "scope" here\. Did you mean scopes\?$/,
  ],
  [
    "an unknown key of what",
    rules({ what: { tool: ["a"] } }),
    /: rules\[0\] "writers", what: there is no "tool" here\. Did you mean tools\?$/,
  ],
  [
    "someone unknown",
    rules({ who: "nobody" }),
    /: rules\[0\] "writers", who: .*everyone, local, anonymous, authenticated/,
  ],
  ["a scope with a blank", rules({ scopes: ["a b"] }), /: rules\[0\] "writers", scopes\[0\]: a scope has no blanks/],
  [
    "a tool that does not exist",
    rules({ what: { tools: ["read_pots", "brake_pot"] } }),
    /: rules\[0\] "writers", what\.tools\[1\]: no tool of this server is called "brake_pot"\. Did you mean break_pot\?$/,
  ],
  [
    "a pattern that no prompt is like",
    rules({ what: { prompts: ["blame_*"] } }),
    /what\.prompts\[0\]: no prompt of this server is called "blame_\*"/,
  ],
  [
    "conditions that nothing meets",
    rules({ what: { readOnly: true, destructive: true } }),
    /: rules\[0\] "writers", what: no tool, resource or prompt/,
  ],
  ["two rules of one name", rules({}, { who: "local" }), /: rules\[1\] "writers", name: rules\[0\] has this name/],
  [
    "a refusal with conditions",
    rules({ decision: "deny", scopes: ["a"], atOnce: 1 }),
    /: it denies, and scopes and atOnce would never count/,
  ],
  [
    "a rule behind one that takes all",
    rules({}, { name: "late", who: { callers: ["ada"] } }),
    /: rules\[1\] "late": it can never match: "writers" before it takes every call/,
  ],
  [
    "a rule behind two that share all",
    rules({ who: "local" }, { name: "b", who: "anonymous" }, { name: "c", who: "authenticated" }, { name: "late" }),
    /: rules\[3\] "late": it can never match: "writers" and "b" and "c" before it take every call/,
  ],
  [
    "an audit level without an audit",
    rules({ audit: "calls" }),
    /rule "writers" has calls recorded, and there is no audit\. Add --audit <file>\.$/,
  ],
  ["folders for a server without", { ...rules(), roots: { ada: ["/"] } }, /roots: this server works in no folders/],
];
test("a key that occurs once in each object, whatever stands in texts, is once", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.boolean(), (value, key, twice) => {
      const inner = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
      const text = `[{"a":${JSON.stringify(value, null, 1)}},{${inner}${twice ? `,${inner}` : ""}}]`;
      const check = () => checkRepeatedKeys(text);
      if (twice) expect(check).toThrow(/twice/);
      else expect(check).not.toThrow();
    }),
  );
});

test.each(refused)("a policy with %s is refused in one line that says where", (_what, policy, said) => {
  expect(() => open(policy)).toThrow(said);
  try {
    open(policy);
  } catch (error) {
    expect((error as Error).message).not.toContain("\n");
  }
});

test("a folder that the server may not use is refused by the caller and the server's reason", () => {
  const definition = {
    ...served.definition,
    checkRoot: (folder: string) => (folder === "/srv" ? undefined : `${folder} is outside.`),
  };
  const policy = { ...rules({}), roots: { ada: ["/srv", "/etc"] } };
  expect(() => open(policy, { ...served, definition })).toThrow(/: roots, of "ada": \/etc is outside\.$/);
});

test.runIf(process.platform !== "win32")("a policy that others can write decides nothing", () => {
  const file = policyFile(rules({}));
  chmodSync(file, 0o666);
  expect(() => openPolicy({ policy: file }, served)).toThrow(/can be written by others/);
  expect(() => openPolicy({ policy: `${file}.none` }, served)).toThrow(/there is no such file\.$/);
});

describe("the published schema", () => {
  test("is the one that decides", async () => {
    const schema = { ...z.toJSONSchema(PolicySchema, { io: "input" }), title: "Policy of an Offshoot server" };
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot("../../policy.schema.json");
  });

  test("takes what we take and no other, by another validator", () => {
    const published = JSON.parse(readFileSync(new URL("../../policy.schema.json", import.meta.url), "utf8"));
    const validate = new Ajv2020({ strict: false }).compile(published);
    const spoilt = fc
      .tuple(anyPolicy, fc.constantFrom("who", "what", "decision", "name", "scopes"), fc.jsonValue())
      .map(([policy, key, value]) => ({ ...policy, rules: policy.rules.map((rule) => ({ ...rule, [key]: value })) }));
    const clean = (policy: unknown) => JSON.parse(JSON.stringify(policy));
    fc.assert(
      fc.property(fc.oneof(anyPolicy, spoilt, fc.jsonValue()), (policy) => {
        const value = clean(policy);
        expect(validate(value)).toBe(PolicySchema.safeParse(value).success);
      }),
      { numRuns: 1_000 },
    );
  });
});

test("a policy with an id that objects lose is refused, and not read without that caller", () => {
  const policy: Policy = { default: "deny", rules: [], roots: JSON.parse('{"__proto__": ["/"], "ada": ["/"]}') };
  expect(() => open(policy)).toThrow(/it has the key "__proto__"/);
});
