// Policies as real clients meet them, on every wire.
import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import type { Caller } from "../../src/contract/context.ts";
import type { Policy } from "../../src/contract/policy.ts";
import type { ChangeEmitter, ServerDefinition } from "../../src/contract/server.ts";
import { checkRules } from "../../src/policy/check-rules.ts";
import { itemsOf } from "../../src/policy/compile.ts";
import { openPolicy } from "../../src/policy/open.ts";
import { serveHttp } from "../../src/protocol/http/http.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openClient } from "../../src/testing/clients/open-client.ts";
import { connect, type TestClient, WIRES, type Wire } from "../../src/testing/index.ts";
import { anyCaller, anyPolicy, createPotServer, policyFile, TOOLS } from "./fixture.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";

/** Without the rules that would be refused. */
function usable(policy: Policy, server: ServerDefinition): Policy {
  let rules = policy.rules.map((rule, index) => ({ ...rule, name: `r${index}.` }));
  for (;;) {
    try {
      checkRules({ ...policy, rules }, itemsOf(server));
      return { ...policy, rules };
    } catch (error) {
      rules = rules.filter(
        ({ name }) => !(error as Error).message.startsWith(`rules[${rules.findIndex((one) => one.name === name)}]`),
      );
    }
  }
}

const allow = (what: Policy["rules"][number]["what"], more = {}): Policy["rules"][number] => ({
  name: "one",
  who: "everyone",
  what,
  decision: "allow",
  ...more,
});
const only = (rule: Policy["rules"][number]): Policy => ({ default: "deny", rules: [rule] });

/** A client as this caller; on stdio there is only the user of the machine. */
const as = (
  caller: Caller,
  wire: Wire,
  server: ServerDefinition,
  options: Partial<Parameters<typeof connect>[1]> = {},
): Promise<TestClient> => connect(server, { wire, http: { authenticate: () => caller }, ...options });

const worked = async (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

/** What a client sees, and what it can use. */
async function surfaces(client: TestClient) {
  const names = (list: Record<string, unknown>[], key = "name") => list.map((entry) => entry[key] as string);
  const listed = {
    tools: names(await client.tools()),
    resources: names(await client.resources(), "uri"),
    templates: names(await client.templates(), "uriTemplate"),
    prompts: names(await client.prompts()),
  };
  const usable: typeof listed = { tools: [], resources: [], templates: [], prompts: [] };
  for (const name of Object.keys(TOOLS)) if (await worked(client.call(name))) usable.tools.push(name);
  for (const uri of ["pots://shelf", "pot://1"]) if (await worked(client.read(uri))) usable.resources.push(uri);
  const template = { type: "ref/resource" as const, uri: "pot://{id}" };
  if (await worked(client.complete(template, { name: "id", value: "" }))) usable.templates.push("pot://{id}");
  if (await worked(client.prompt("praise_pot", { id: "1" }))) usable.prompts.push("praise_pot");
  return { listed, usable };
}

describe.each(WIRES)("%s", (wire) => {
  test("a list shows exactly what its caller may use, under any policy", async () => {
    const sizes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(anyPolicy, anyCaller, async (policy, caller) => {
        const server = createPotServer();
        const policies = { generated: usable(policy, server) };
        const client = await as(caller, wire, { ...server, policies }, { profile: "generated" });
        try {
          const { listed, usable } = await surfaces(client);
          expect(listed).toEqual(usable);
          sizes.add(Object.values(listed).flat().length);
        } finally {
          await client.close();
        }
      }),
      { numRuns: (LONG ? 3 : 1) * (wire.startsWith("stdio") ? 20 : 7) },
    );
    expect(sizes.size).toBeGreaterThan(1);
  });

  const isHttp = wire.startsWith("http");
  const ada: Caller = { id: isHttp ? "ada" : "local", scopes: ["pots:read"] };

  test("what is denied is answered as what does not exist", async () => {
    const policy = policyFile(only(allow({ tools: ["read_shelf"] })));
    const client = await as(ada, wire, createPotServer(), { policy });
    const answerOf = (work: Promise<unknown>, name: string) =>
      work.then(
        () => "answered",
        (error: Error & { code?: number; data?: unknown }) =>
          JSON.stringify([error.code, error.message, error.data]).replaceAll(name, "NAME"),
      );
    const pairs: [denied: string, absent: string, ask: (name: string) => Promise<unknown>][] = [
      ["break_pot", "no_pot", (name) => client.call(name)],
      ["pot://1", "top://1", (uri) => client.read(uri)],
      ["praise_pot", "no_praise", (name) => client.prompt(name, { id: "1" })],
      ["praise_pot", "no_praise", (name) => client.complete({ type: "ref/prompt", name }, { name: "id", value: "" })],
    ];
    for (const [denied, absent, ask] of pairs)
      expect(await answerOf(ask(denied), denied)).toBe(await answerOf(ask(absent), absent));
    await client.close();
  });

  test.runIf(isHttp)("a call that lacks only scopes says all of them, the rule's and the tool's", async () => {
    const policy = policyFile(only(allow({ tools: ["break_pot"] }, { scopes: ["pots:careful"] })));
    const ran: string[] = [];
    const client = await as(ada, wire, createPotServer(ran), { policy });
    const error = await client.call("break_pot").catch((error) => error);
    for (const scope of ["pots:write", "pots:admin", "pots:careful"])
      expect(JSON.stringify([error.message, error.data])).toContain(scope);
    expect(await client.tools()).toEqual([]);
    expect(ran).toEqual([]);
    await client.close();
  });

  test.runIf(isHttp)("a subscription ends where the next policy has no such resource for its caller", async () => {
    const told: string[] = [];
    let emit: ChangeEmitter | undefined;
    const server: ServerDefinition = {
      ...createPotServer(),
      changes: (emitter) => {
        emit = emitter;
        return () => {};
      },
    };
    const app = createApp(server, { log: createLog("silent") });
    const endpoint = await serveHttp(app, { authenticate: () => ada });
    const url = new URL(endpoint.url);
    const client = await openClient(wire, wire === "http-2025" ? new LegacyHttp(url) : new ModernHttp(url), {
      onNotification: (method, { uri }) => {
        told.push(uri === undefined ? method : String(uri));
      },
    });
    await client.subscribe(["pot://1", "pot://2"]);
    emit?.resourceUpdated("pot://1");
    await expect.poll(() => told).toEqual(["pot://1"]);
    app.setAccess(openPolicy({ policy: policyFile(only(allow({ tools: ["*"] }))) }, { ...app, audited: false }));
    emit?.resourceUpdated("pot://1");
    emit?.resourceUpdated("pot://2");
    emit?.toolsChanged();
    // In order: what came before it has been decided.
    await expect.poll(() => told.at(-1)).toBe("notifications/tools/list_changed");
    expect(told.filter((uri) => uri.startsWith("pot:"))).toEqual(["pot://1"]);
    await client.close();
    await endpoint.drain(100);
    app.close();
  });

  test.runIf(isHttp)("HTTP says so by a status, with every scope in one challenge", async () => {
    const app = createApp(createPotServer(), { log: createLog("silent") });
    const policy = policyFile(only(allow({ tools: ["break_pot"] }, { scopes: ["pots:careful"] })));
    app.setAccess(openPolicy({ policy }, { ...app, audited: false }));
    const endpoint = await serveHttp(app, { authenticate: () => ada });
    const ask = async (name: string) => {
      const { status, headers } = await fetch(endpoint.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...(wire === "http-2026" && {
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": name,
          }),
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } }),
      });
      return [status, headers.get("www-authenticate")];
    };
    const [status, challenge] = await ask("break_pot");
    expect(status).toBe(403);
    expect(challenge).toMatch(/^Bearer error="insufficient_scope"/);
    const scopes = /scope="([^"]*)"/.exec(challenge as string)?.[1]?.split(" ");
    expect(scopes?.sort()).toEqual(["pots:admin", "pots:careful", "pots:read", "pots:write"]);
    // What is denied needs none: its scopes would tell that it is there.
    expect((await ask("write_pot"))[0]).not.toBe(403);
    await endpoint.drain(100);
    app.close();
  });

  test("a rule's limits are each caller's own, and refuse with when to come back", async () => {
    const policy = policyFile(only(allow({ tools: ["*"] }, { atOnce: 2, callsPerSecond: 1_000 })));
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const ran: string[] = [];
    const client = await as(
      { id: "ada" },
      wire,
      createPotServer(ran, () => held),
      { policy },
    );
    const first = [client.call("write_pot"), client.call("write_pot")];
    await expect.poll(() => ran.length).toBe(2);
    await expect(client.call("write_pot")).rejects.toMatchObject({ code: 4290, data: { reason: "rate_limited" } });
    release();
    await Promise.all(first);
    expect((await client.call("write_pot")).isError).toBe(false);
    await client.close();
    const slow = await as({ id: "ada" }, wire, createPotServer(ran), {
      policy: policyFile(only(allow({ tools: ["*"] }, { callsPerSecond: 0.001 }))),
    });
    await slow.call("write_pot");
    await expect(slow.call("write_pot")).rejects.toMatchObject({ code: 4290 });
    await slow.close();
  });

  const answers = [
    ["yes", { action: "accept", content: { allow: true } }, 1],
    ["no", { action: "accept", content: { allow: false } }, 0],
    ["nothing", { action: "cancel" }, 0],
    ["that it cannot ask", undefined, 0],
  ] as const;
  test.each(answers)(
    "a person who is to confirm is asked before the handler runs, and says %s",
    async (_, answer, runs) => {
      const policy = policyFile(only(allow({ tools: ["write_pot"] }, { confirm: true })));
      const ran: string[] = [];
      const asked: unknown[] = [];
      const client = await as({ id: "ada" }, wire, createPotServer(ran), {
        policy,
        ...(answer !== undefined && {
          onElicit: (params: Record<string, unknown>) => {
            asked.push(params.message);
            return answer;
          },
        }),
      });
      const { isError, text } = await client.call("write_pot", { id: "blue" });
      expect(ran).toHaveLength(runs);
      expect(isError).toBe(runs === 0);
      if (runs === 0) expect(text).toContain("nothing was done");
      if (answer !== undefined) expect(asked).toEqual([expect.stringMatching(/write_pot with \{"id":"blue"\}/)]);
      await client.close();
    },
  );
});
