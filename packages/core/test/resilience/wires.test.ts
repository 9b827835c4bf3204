import { expect, test, vi } from "vitest";
import { z } from "zod";
import { defineServer, defineTool } from "../../src/index.ts";
import { type DependencyOptions, dependency } from "../../src/resilience/index.ts";
import { connect, WIRES } from "../../src/testing/index.ts";
import { manners, openUpstream } from "./upstream.ts";

async function shop(options: DependencyOptions = {}, timeoutMs = 60_000) {
  const upstream = await openUpstream();
  const orders = dependency("orders", { retry: { baseMs: 5, throttledBaseMs: 5 }, ...options });
  const read = defineTool({
    name: "read_price",
    title: "Read a price",
    description: "Reads a price.",
    inputSchema: z.object({}),
    timeoutMs,
    outputSchema: z.object({ price: z.number().describe("Price"), stale: z.boolean().describe("May be out of date") }),
    handler: async (_input, call) => {
      const { value, stale } = await orders.run(call, { key: "price" }, ({ signal }) => upstream.get(signal));
      return { ...value, stale };
    },
  });
  const server = defineServer({ name: "shop", version: "1.0.0", tools: [read], dependencies: [orders] });
  return { upstream, orders, server };
}

test.each(WIRES)("over %s, every call is answered while the dependency is down, and told so", async (wire) => {
  const { upstream, orders, server } = await shop({ cache: { ttlMs: 1, staleMs: 600_000, revalidateMs: 0 } });
  const log: string[] = [];
  const client = await connect(server, { wire, log });
  expect((await client.call("read_price")).data).toEqual({ price: 7, stale: false });
  upstream.manner = manners.down;
  upstream.hits = 0;
  const answers = [];
  for (let call = 0; call < 50; call += 1) answers.push((await client.call("read_price")).data);
  expect(answers).toEqual(Array(50).fill({ price: 7, stale: true }));
  expect(upstream.hits).toBeLessThanOrEqual(20);
  const control = log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "control");
  expect(control).toMatchObject([{ what: "breaker", name: "orders", before: "closed", after: "open", by: "server" }]);
  orders.force("closed", { by: "ada", reason: "they say it is back" });
  upstream.manner = manners.well;
  expect((await client.call("read_price")).data).toEqual({ price: 7, stale: false });
  expect(JSON.parse(log.findLast((line) => line.includes('"control"')) as string)).toMatchObject({
    after: "forced closed",
    by: "ada",
    reason: "they say it is back",
  });
  await client.close();
  const lines = log.length;
  orders.force("auto", { by: "ada" });
  expect(log).toHaveLength(lines);
  await upstream.close();
});

test.each(WIRES)("over %s, without anything to fall back to the model reads when to try again", async (wire) => {
  const { upstream, server } = await shop({ timeoutMs: 200 });
  upstream.manner = manners.hang;
  const log: string[] = [];
  const client = await connect(server, { wire, log });
  const { isError, text, meta } = await client.call("read_price");
  expect({ isError, text }).toEqual({ isError: true, text: "orders is not answering. Try again in 1 s." });
  expect(meta["offshoot/error"]).toEqual({
    code: "dependency_unavailable",
    retryAfterMs: 1_000,
    dependency: "orders",
  });
  expect(log.some((line) => line.includes("orders gave no answer within 200 ms."))).toBe(true);
  await client.close();
  await upstream.close();
});

test.each(WIRES)("over %s, a call whose own time runs out first still answers with what was kept", async (wire) => {
  const cache = { ttlMs: 1, staleMs: 600_000, revalidateMs: 0 };
  const { upstream, server } = await shop({ cache, timeoutMs: 60_000 }, 1_000);
  const client = await connect(server, { wire });
  await client.call("read_price");
  upstream.manner = manners.hang;
  expect((await client.call("read_price")).data).toEqual({ price: 7, stale: true });
  await client.close();
  await upstream.close();
});

test.each(WIRES)("over %s, a client that cancels ends the call to the dependency", async (wire) => {
  const { upstream, orders, server } = await shop();
  upstream.manner = manners.hang;
  const client = await connect(server, { wire });
  const controller = new AbortController();
  const call = client.call("read_price", {}, { signal: controller.signal }).catch(() => "cancelled");
  await vi.waitUntil(() => upstream.hits === 1);
  controller.abort();
  expect(await call).toBe("cancelled");
  await vi.waitUntil(() => upstream.hungUp === 1);
  expect(orders.snapshot()).toMatchObject({ inFlight: 0, hits: 1, failures: 0 });
  await client.close();
  await upstream.close();
});

test("two dependencies of one name cannot be told apart", () => {
  const tools = [
    defineTool({
      name: "nothing",
      title: "Nothing",
      description: "Does nothing.",
      inputSchema: z.object({}),
      outputSchema: z.object({}),
      handler: () => ({}),
    }),
  ];
  const define = () =>
    defineServer({ name: "twins", version: "1.0.0", tools, dependencies: [dependency("a"), dependency("a")] });
  expect(define).toThrow('Two dependencies are named "a".');
});
