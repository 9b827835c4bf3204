// A small server with one of each kind of tool, resource and prompt, and policies for it as JSON would have them.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { z } from "zod";
import type { Policy, PolicyRule } from "../../src/contract/policy.ts";
import { definePrompt, defineResource, defineServer, defineTool } from "../../src/index.ts";

const nothing = z.object({});

/** By name: what it says of itself. */
export const TOOLS = {
  read_pots: { annotations: { readOnlyHint: true }, scopes: ["pots:read"] },
  read_shelf: { annotations: { readOnlyHint: true } },
  write_pot: { annotations: { destructiveHint: false }, scopes: ["pots:write"] },
  break_pot: { scopes: ["pots:write", "pots:admin"] },
};

/** Counts what ran: `write_pot ada`. */
export const createPotServer = (ran: string[] = [], waits: () => Promise<unknown> = async () => {}) =>
  defineServer({
    name: "pots",
    version: "1.0.0",
    lists: { ttlMs: 60_000, cacheScope: "public" },
    changes: () => () => {},
    tools: Object.entries(TOOLS).map(([name, rest]) =>
      defineTool({
        name,
        title: name,
        description: `Does ${name}.`,
        inputSchema: z.object({ id: z.string().default("p1").describe("Which pot") }),
        outputSchema: nothing,
        ...rest,
        async handler(_input, call) {
          ran.push(`${name} ${call.caller.id}`);
          await waits();
          return {};
        },
      }),
    ),
    resources: [
      defineResource({
        name: "pot",
        title: "Pot",
        description: "A pot.",
        uri: "pot://{id}",
        subscribe: true,
        scopes: ["pots:read"],
        list: () => ({ resources: [{ uri: "pot://1", name: "one" }] }),
        complete: { id: () => ["1"] },
        read: ({ id }) => `pot ${id}`,
      }),
      defineResource({
        name: "shelf",
        title: "Shelf",
        description: "The shelf.",
        uri: "pots://shelf",
        cacheScope: "public",
        ttlMs: 1_000,
        read: () => "shelf",
      }),
    ],
    prompts: [
      definePrompt({
        name: "praise_pot",
        title: "Praise",
        description: "Praises a pot.",
        arguments: z.object({ id: z.string().describe("Which pot") }),
        complete: { id: () => ["1"] },
        handler: ({ id }) => `Praise ${id}.`,
      }),
    ],
  });

/** A policy in a file of its own. */
export function policyFile(
  policy: unknown,
  file = join(mkdtempSync(join(tmpdir(), "policy-")), "policy.json"),
): string {
  writeFileSync(file, typeof policy === "string" ? policy : JSON.stringify(policy));
  return file;
}

const SCOPES = ["pots:read", "pots:write", "pots:admin"];
export const CALLERS = ["ada", "ben"];
const scopes = fc.subarray(SCOPES, { minLength: 1 });
const patterns = (names: readonly string[]) =>
  fc.uniqueArray(fc.oneof(fc.constantFrom(...names), fc.constantFrom("*", "read_*", "*pot*", "*_pot", "p*")), {
    minLength: 1,
    maxLength: 3,
  });
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

export const anyRule: fc.Arbitrary<PolicyRule> = fc.record(
  {
    name: fc.string({ minLength: 1, maxLength: 8 }),
    who: fc.oneof(
      fc.constantFrom("everyone", "local", "anonymous", "authenticated"),
      fc.record({ callers: maybe(fc.subarray(CALLERS, { minLength: 1 })), scopes: maybe(scopes) }),
    ) as fc.Arbitrary<PolicyRule["who"]>,
    what: fc.oneof(
      fc.constant("everything" as const),
      fc.record({
        tools: maybe(patterns(Object.keys(TOOLS))),
        resources: maybe(patterns(["pot", "pots://shelf", "pot://{id}"])),
        prompts: maybe(patterns(["praise_pot"])),
        readOnly: maybe(fc.boolean()),
        destructive: maybe(fc.boolean()),
        scoped: maybe(fc.boolean()),
      }),
    ),
    decision: fc.constantFrom("allow", "deny"),
    scopes: maybe(scopes),
  },
  { requiredKeys: ["name", "who", "what", "decision"] },
);

export const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  default: fc.constantFrom("allow", "deny"),
  rules: fc.array(anyRule, { maxLength: 6 }),
});

export const anyCaller = fc.oneof(
  fc.constantFrom({ id: "local" }, { id: "anonymous" }, { id: "ada" }),
  fc.record({ id: fc.constantFrom(...CALLERS, "eve", "local"), scopes: fc.subarray(SCOPES) }),
);
