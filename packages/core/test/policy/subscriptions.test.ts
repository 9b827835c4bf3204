// A subscription is a reading that goes on: what a policy says of calls holds for it, too.
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app.ts";
import type { PolicyRule } from "../../src/contract/policy.ts";
import type { ChangeEmitter, ServerDefinition } from "../../src/contract/server.ts";
import { openPolicy } from "../../src/policy/open.ts";
import { serveHttp } from "../../src/protocol/http/http.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openClient } from "../../src/testing/clients/open-client.ts";
import { META } from "../fixtures/raw.ts";
import { createPotServer, policyFile } from "./fixture.ts";

const URIS = ["pot://1", "pot://2"];

async function served(wire: "http-2025" | "http-2026", conditions: Partial<PolicyRule>) {
  let emit: ChangeEmitter | undefined;
  const server: ServerDefinition = {
    ...createPotServer(),
    changes: (emitter) => {
      emit = emitter;
      return () => {};
    },
  };
  const app = createApp(server, { log: createLog("silent") });
  const kept: string[] = [];
  app.control.keep((events) => kept.push(...events.map(({ what, name }) => `${what} ${name}`)));
  const use = (more: Partial<PolicyRule>): void => {
    const rule = { name: "one", who: "everyone", what: "everything", decision: "allow", ...more };
    const policy = policyFile({ default: "deny", rules: [rule] });
    app.setAccess(openPolicy({ policy }, { ...app, audited: true }));
  };
  use(conditions);
  const endpoint = await serveHttp(app, { authenticate: () => ({ id: "ada", scopes: ["pots:read"] }) });
  const told: string[] = [];
  const hear = (method: string, { uri }: { uri?: unknown }): void => void told.push(String(uri ?? method));
  const left = new AbortController();
  onTestFinished(async () => {
    left.abort();
    await endpoint.drain(100);
    app.close();
  });
  return {
    kept,
    use,
    subscribe: () => (wire === "http-2025" ? session(endpoint.url, hear) : stream(endpoint.url, hear, left.signal)),
    /** What it is told of once both have changed. */
    async hears() {
      told.length = 0;
      for (const uri of URIS) emit?.resourceUpdated(uri);
      // In order: what came before it has been decided.
      emit?.toolsChanged();
      await expect.poll(() => told.at(-1)).toBe("notifications/tools/list_changed");
      return told.slice(0, -1);
    },
  };
}

type Hear = (method: string, params: { uri?: unknown }) => void;

async function session(url: string, onNotification: Hear): Promise<void> {
  const client = await openClient("http-2025", new LegacyHttp(new URL(url)), { onNotification });
  onTestFinished(() => client.close());
  for (const uri of URIS) await client.subscribe([uri]).catch(() => {});
}

/** By hand: the client of this era ends a stream that grants less than it asked for. */
async function stream(url: string, hear: Hear, signal: AbortSignal): Promise<void> {
  const notifications = { toolsListChanged: true, resourceSubscriptions: URIS };
  const response = await fetch(url, {
    method: "POST",
    signal,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "subscriptions/listen",
    },
    body: JSON.stringify({
      ...{ jsonrpc: "2.0", id: 1, method: "subscriptions/listen" },
      params: { notifications, _meta: META },
    }),
  });
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let open = (): void => {};
  const acknowledged = new Promise<void>((resolve) => {
    open = resolve;
  });
  const read = async (): Promise<void> => {
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop() as string;
      for (const [, data = ""] of events.map((event) => /^data: (.+)$/m.exec(event) ?? [])) {
        if (data === "") continue;
        const { method, params } = JSON.parse(data);
        if (method === "notifications/subscriptions/acknowledged") open();
        else if (method !== undefined) hear(method, params ?? {});
      }
    }
  };
  void read().catch(() => {});
  await acknowledged;
}

describe.each(["http-2025", "http-2026"] as const)("%s", (wire) => {
  test("each is recorded where calls are", async () => {
    const { subscribe, hears, kept } = await served(wire, { audit: "calls" });
    await subscribe();
    expect(await hears()).toEqual(URIS);
    expect(kept).toEqual(["call pot://1", "call pot://2"]);
  });

  test("they count for the rate of calls, and what is beyond it is not subscribed to", async () => {
    const { subscribe, hears } = await served(wire, { callsPerSecond: 0.001 });
    await subscribe();
    expect(await hears()).toEqual(["pot://1"]);
  });

  test("where a person is to allow each reading there are none, and those that there were end", async () => {
    const asked = await served(wire, { confirm: true });
    await asked.subscribe();
    expect(await asked.hears()).toEqual([]);
    const later = await served(wire, {});
    await later.subscribe();
    expect(await later.hears()).toEqual(URIS);
    later.use({ confirm: true });
    expect(await later.hears()).toEqual([]);
  });

  test("another policy that allows them neither counts nor records them again", async () => {
    const { subscribe, hears, kept, use } = await served(wire, {});
    await subscribe();
    use({ audit: "calls", callsPerSecond: 0.001 });
    expect(await hears()).toEqual(URIS);
    expect(kept).toEqual([]);
  });
});
