// What the gate does, as clients of every wire see it.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { CallContext, Lane } from "../../src/index.ts";
import { defineServer, defineTool } from "../../src/index.ts";
import { connect, type TestClient, WIRES } from "../../src/testing/index.ts";

/** A server whose calls end when the test says so. */
function createStage() {
  const began: { name: string; call: CallContext; end: () => void }[] = [];
  const tool = (name: string, lane?: Lane) =>
    defineTool({
      name,
      title: name,
      description: `Does ${name}.`,
      inputSchema: z.object({}),
      outputSchema: z.object({}),
      ...(lane && { lane }),
      handler: (_input, call) =>
        new Promise<Record<string, never>>((resolve, reject) => {
          began.push({ name, call, end: () => resolve({}) });
          call.signal.addEventListener("abort", () => reject(call.signal.reason));
        }),
    });
  const loops = defineTool({
    name: "loops",
    title: "Loops",
    description: "Lets nothing else run for a while.",
    inputSchema: z.object({ ms: z.number().describe("How long, in ms") }),
    outputSchema: z.object({}),
    handler: ({ ms }) => {
      const until = performance.now() + ms;
      while (performance.now() < until);
      return {};
    },
  });
  const asks = defineTool({
    name: "asks",
    title: "Asks",
    description: "Asks its user, and says how much time is left.",
    inputSchema: z.object({}),
    outputSchema: z.object({ leftMs: z.number().describe("Time left, in ms") }),
    handler: async (_input, call) => {
      const left = call.deadline.remainingMs();
      await call.elicit({ message: "Sure?", schema: z.object({ sure: z.boolean().describe("Whether") }) });
      return { leftMs: left };
    },
  });
  const server = defineServer({
    name: "stage",
    version: "1.0.0",
    tools: [tool("work"), tool("reindex", "background"), loops, asks],
  });
  const until = async (count: number): Promise<void> => {
    while (began.length < count) await sleep(5);
  };
  return { server, began, until };
}

/** What became of calls: how many were answered, and how many refused for which reason. */
const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "done",
    (error: { data?: { reason?: string; retryAfterMs?: number } }) =>
      (error.data?.retryAfterMs ?? 0) > 0 ? String(error.data?.reason) : String(error),
  );
const call = (client: TestClient, name: string, count = 1): Promise<string>[] =>
  Array.from({ length: count }, () => outcome(client.call(name)));

describe.each(WIRES)("%s", (wire) => {
  test("a call that finds no place in time is refused without running, with when to come back", async () => {
    const stage = createStage();
    const client = await connect(stage.server, { wire, limits: { maxRunning: 2, waitMs: 50 } });
    const running = call(client, "work", 2);
    await stage.until(2);
    expect(await Promise.all(call(client, "work", 3))).toEqual(["overloaded", "overloaded", "overloaded"]);
    expect(stage.began).toHaveLength(2);
    for (const { end } of stage.began) end();
    expect(await Promise.all(running)).toEqual(["done", "done"]);
    await client.close();
  });

  test("the time a call waits is taken from its own", async () => {
    const stage = createStage();
    const client = await connect(stage.server, {
      wire,
      limits: { maxRunning: 1, waitMs: 60_000, timeoutMs: 2_000 },
    });
    const first = outcome(client.call("work"));
    await stage.until(1);
    const [second] = call(client, "work");
    await sleep(300);
    stage.began[0]?.end();
    expect(await first).toBe("done");
    await stage.until(2);
    expect(stage.began[1]?.call.deadline.remainingMs()).toBeLessThan(1_800);
    stage.began[1]?.end();
    expect(await second).toBe("done");
    await client.close();
  });

  test("background work takes its fifth, and core work finds room beside it", async () => {
    const stage = createStage();
    const client = await connect(stage.server, {
      wire,
      limits: { initialRunning: 5, minRunning: 5, maxRunning: 5, waitMs: 60_000 },
    });
    const background = call(client, "reindex", 3);
    await stage.until(1);
    const core = call(client, "work", 4);
    await stage.until(5);
    expect(stage.began.map(({ name }) => name).sort()).toEqual(["reindex", "work", "work", "work", "work"]);
    for (let index = 0; index < 7; index += 1) {
      await stage.until(index + 1);
      stage.began[index]?.end();
    }
    expect(await Promise.all([...background, ...core])).toEqual(Array.from({ length: 7 }, () => "done"));
    await client.close();
  });

  test("a list, a ping and server/discover need no place", async () => {
    const stage = createStage();
    const client = await connect(stage.server, { wire, limits: { maxRunning: 1, maxWaiting: 0 } });
    const [running] = call(client, "work");
    await stage.until(1);
    expect(await Promise.all(call(client, "work"))).toEqual(["overloaded"]);
    expect(await client.tools()).toHaveLength(4);
    await client.request(client.era === "2025" ? "ping" : "server/discover");
    stage.began[0]?.end();
    expect(await running).toBe("done");
    await client.close();
  });

  test("the time a user takes to answer is not counted", async () => {
    const stage = createStage();
    const client = await connect(stage.server, {
      wire,
      limits: { timeoutMs: 1_000 },
      onElicit: async () => {
        await sleep(1_100);
        return { action: "accept", content: { sure: true } };
      },
    });
    const { isError, data } = await client.call("asks");
    expect(isError).toBe(false);
    expect(data.leftMs).toBeGreaterThan(0);
    await client.close();
  });
});

describe("on HTTP", () => {
  test("a caller that holds all it may leaves room for another, and one over its rate is told so", async () => {
    const stage = createStage();
    const { createApp } = await import("../../src/app.ts");
    const { serveHttp } = await import("../../src/protocol/http/http.ts");
    const { createLog } = await import("../../src/telemetry/log.ts");
    const app = createApp(stage.server, {
      log: createLog("silent"),
      limits: { initialRunning: 5, minRunning: 5, maxRunning: 5, waitMs: 50, callsPerSecond: 0.001, burst: 8 },
    });
    const endpoint = await serveHttp(app, { authenticate: ({ headers }) => ({ id: String(headers.authorization) }) });
    const clientOf = async (id: string) => {
      const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
      const { openClient } = await import("../../src/testing/clients/open-client.ts");
      const requestInit = { headers: { authorization: id } };
      return openClient("http-2026", new StreamableHTTPClientTransport(new URL(endpoint.url), { requestInit }));
    };
    const [greedy, modest] = [await clientOf("greedy"), await clientOf("modest")];
    const flood = call(greedy, "work", 12);
    await stage.until(4);
    const [fair] = call(modest, "work");
    await stage.until(5);
    const ending = setInterval(() => {
      for (const { end } of stage.began) end();
    }, 5);
    expect(await fair).toBe("done");
    const outcomes = await Promise.all(flood);
    clearInterval(ending);
    expect(outcomes.filter((one) => one === "rate_limited")).toHaveLength(4);
    expect(outcomes.filter((one) => one === "done").length).toBeGreaterThanOrEqual(4);
    await Promise.all([greedy.close(), modest.close()]);
    await endpoint.drain(1_000);
  });
});

test("a tool that loops for three seconds: one line in the log says how long and which", async () => {
  const log: string[] = [];
  const client = await connect(createStage().server, { wire: "stdio-2025", log });
  await client.call("loops", { ms: 3_000 });
  const alerts = () =>
    log
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === "the event loop stood still");
  while (alerts().length === 0) await sleep(20);
  await sleep(600);
  expect(alerts()).toEqual([expect.objectContaining({ level: "warn", ran: ["loops"] })]);
  expect(alerts()[0]?.lagMs).toBeGreaterThan(2_000);
  await client.close();
});
