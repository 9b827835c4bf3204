// The decision table: what it says of every policy, tool and kind of caller is pinned, and is what calls meet.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { isCallable } from "../../src/call/access.ts";
import type { Caller } from "../../src/contract/context.ts";
import type { Policy } from "../../src/contract/policy.ts";
import { defineTool } from "../../src/index.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { managedPolicies } from "../../src/policy/managed.ts";
import { decisionTables } from "../../src/policy/table.ts";
import { checkPolicyLock, writePolicyLock } from "../../src/testing/policy-lock.ts";
import { createPotServer, policyFile } from "./fixture.ts";

const SCOPES = ["pots:read", "pots:write", "pots:admin"];
/** All sets of scopes, for a caller that is known, and those that nobody authenticates. */
const callers = new Map<string, Caller>([
  ["local", { id: "local" }],
  ["anonymous", { id: "anonymous" }],
  ...Array.from({ length: 2 ** SCOPES.length }, (_, bits) => {
    const scopes = SCOPES.filter((_scope, at) => (bits & (1 << at)) !== 0);
    return [`known: ${scopes.join(" ") || "no scopes"}`, { id: "ada", scopes }] as const;
  }),
]);
const file: Policy = {
  default: "deny",
  rules: [
    { name: "breaking", who: { scopes: ["pots:admin"] }, what: { destructive: true }, decision: "allow" },
    { name: "reading", who: "everyone", what: { readOnly: true }, decision: "allow", callsPerSecond: 5 },
  ],
};
const newTool = defineTool({
  name: "paint_pot",
  title: "Paint",
  description: "Paints a pot.",
  inputSchema: z.object({}),
  outputSchema: z.object({}),
  handler: () => ({}),
});
const withNewTool = () => {
  const server = createPotServer();
  return { ...server, tools: new Map([...server.tools, ["paint_pot", newTool]]) };
};

test("every policy × tool × set of scopes is decided as it is pinned", async () => {
  const server = createPotServer();
  const lines = Object.entries({ ...managedPolicies, "a file": file }).flatMap(([name, policy]) => {
    const access = compilePolicy(policy, server, { label: name, record: () => {} });
    return [...callers].map(([called, caller]) => {
      const tools = [...server.tools.values()].filter((tool) => isCallable(access, caller, tool));
      return `${name} | ${called} | ${tools.map((tool) => tool.name).join(" ") || "nothing"}`;
    });
  });
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("decisions.txt");
});

test("a tool that is added without a rule, hints or scopes is denied where the policy denies by default", () => {
  const tables = decisionTables(withNewTool(), policyFile(file));
  const cells = Object.fromEntries(
    Object.entries(tables).map(([name, { tools }]) => [name.endsWith(".json") ? "a file" : name, tools.paint_pot]),
  );
  expect(cells).toMatchObject({
    "read-only": { local: "deny", anonymous: "deny", authenticated: "deny" },
    standard: { local: "allow", anonymous: "deny" },
    strict: { local: "allow", anonymous: "deny", authenticated: "deny" },
    "a file": { local: "deny", anonymous: "deny", authenticated: "deny" },
  });
});

test("the lock of decisions names the tool that came, the hint and the scope that changed, and the policy that did", () => {
  const lock = join(mkdtempSync(join(tmpdir(), "policy-lock-")), "policy.lock.json");
  const server = createPotServer();
  expect(() => checkPolicyLock(server, lock)).toThrow(/`npx vitest run -u`/);
  writePolicyLock(server, lock);
  const pinned = readFileSync(lock);
  checkPolicyLock(server, lock);
  expect(() => checkPolicyLock(withNewTool(), lock)).toThrow(/strict\.tools\.paint_pot/);
  const change = (name: string, more: object) => ({
    ...server,
    tools: new Map([...server.tools].map(([key, tool]) => [key, key === name ? { ...tool, ...more } : tool])),
  });
  expect(() => checkPolicyLock(change("write_pot", { annotations: { readOnlyHint: true } }), lock)).toThrow(
    /"read-only"\]\.tools\.write_pot\.anonymous: "deny" → "allow"/,
  );
  expect(() => checkPolicyLock(change("read_pots", { scopes: ["pots:admin"] }), lock)).toThrow(
    /strict\.tools\.read_pots\.authenticated: "allow with pots:read" → "allow with pots:admin"/,
  );
  const wider: Policy = { ...(managedPolicies.strict as Policy), default: "allow" };
  expect(() => checkPolicyLock({ ...server, policies: { strict: wider } }, lock)).toThrow(/strict\.tools/);
  writeFileSync(lock, "<<<<<<<");
  expect(() => checkPolicyLock(server, lock)).toThrow(/no policy\.lock\.json that can be read/);
  expect(pinned.toString()).toContain('"allow with pots:write"');
});
