// A view is a page beside a tool's answer: who may call the tool gets its page, and nobody else.
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineServer, defineTool, defineView } from "../../src/index.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { managedPolicies } from "../../src/policy/managed.ts";
import { connect, WIRES } from "../../src/testing/index.ts";
import { anyCaller, anyPolicy, TOOLS } from "./fixture.ts";

const view = (name: string) =>
  defineView({
    name,
    title: name,
    description: `Shows ${name}.`,
    uri: `ui://pots/${name}`,
    html: "<!doctype html><p>x",
  });
const [pots, breaking] = [view("pots"), view("breaking")];
const views = { read_pots: pots, write_pot: pots, break_pot: breaking };

const server = defineServer({
  name: "pots",
  version: "1.0.0",
  tools: Object.entries(TOOLS).map(([name, rest]) =>
    defineTool({
      name,
      title: name,
      description: `Does ${name}.`,
      inputSchema: z.object({}),
      outputSchema: z.object({}),
      handler: () => ({}),
      ...(name in views && { view: views[name as keyof typeof views] }),
      ...rest,
    }),
  ),
});

const policies = fc.oneof(anyPolicy, fc.constantFrom(...Object.values(managedPolicies)));

test("who may call one of its tools may read a view, and nobody else, where no rule is about resources", () => {
  let denied = 0;
  fc.assert(
    fc.property(policies, anyCaller, (policy, caller) => {
      const { decide, ruleOf } = compilePolicy(policy, server, { label: "", record: () => {} });
      for (const one of [pots, breaking]) {
        const rule = ruleOf(caller, one);
        const { allow } = decide(caller, one);
        const callable = [...server.tools.values()].some((tool) => tool.view === one && decide(caller, tool).allow);
        if (rule === undefined || rule.what === "everything") expect(allow).toBe(callable);
        if (!allow) denied += 1;
      }
    }),
    { numRuns: 1_000 },
  );
  expect(denied).toBeGreaterThan(50);
});

test.each(WIRES.filter((wire) => wire.startsWith("http")))(
  "%s: a caller of a strict server sees the pages of its tools",
  async (wire) => {
    const authenticate = () => ({ id: "ada", scopes: ["pots:read"] });
    const client = await connect(server, { wire, profile: "strict", http: { authenticate } });
    try {
      expect((await client.tools()).map(({ name }) => name)).toEqual(["read_pots"]);
      expect((await client.resources()).map(({ uri }) => uri)).toContain("ui://pots/pots");
      expect(JSON.stringify(await client.read("ui://pots/pots"))).toContain("<p>x");
    } finally {
      await client.close();
    }
  },
);
