// The server of docs/depending-on-others.md: orders.test.ts runs it.
import type { ServerDefinition } from "@offshoot/core";

// #region dependency
import { dependency, statusError } from "@offshoot/core/resilience";

const orders = dependency("orders", {
  timeoutMs: 5_000,
  cache: { ttlMs: 60_000, staleMs: 600_000 },
});
// #endregion

// #region client
/** The client of the API. It knows no MCP; `statusError` tells what may pass from what the caller got wrong. */
export const ordersApi = (baseUrl: string) => ({
  async order(id: string, signal: AbortSignal): Promise<{ id: string; status: string }> {
    const response = await fetch(`${baseUrl}/orders/${encodeURIComponent(id)}`, { signal });
    if (!response.ok) throw statusError(response.status, response.headers.get("retry-after"));
    return (await response.json()) as { id: string; status: string };
  },
  async cancel(id: string, signal: AbortSignal): Promise<void> {
    const response = await fetch(`${baseUrl}/orders/${encodeURIComponent(id)}/cancel`, { method: "POST", signal });
    if (!response.ok) throw statusError(response.status, response.headers.get("retry-after"));
  },
});

// #endregion

// #region tools
import { defineServer, defineTool, fail } from "@offshoot/core";
import { isDependencyError } from "@offshoot/core/resilience";
import { z } from "zod";

const Id = z.object({ id: z.string().describe("Order number, such as 17") });

/** A 404 is an answer: it comes through as it was thrown. */
const orExplain = (id: string) => (error: unknown) =>
  isDependencyError(error) && error.status === 404
    ? fail(`No order "${id}". Ask for the number.`)
    : Promise.reject(error);

const readOrder = (api: ReturnType<typeof ordersApi>) =>
  defineTool({
    name: "read_order",
    title: "Read an order",
    description: "Reads one order by its number.",
    inputSchema: Id,
    outputSchema: z.object({
      id: z.string().describe("Order number"),
      status: z.string().describe("Where it stands"),
      asOf: z.string().describe("`now`, or how old this is because the orders service is not answering"),
    }),
    annotations: { readOnlyHint: true },
    handler: async ({ id }, call) => {
      const { value, stale, ageMs } = await orders
        .run(call, { key: `order:${id}` }, ({ signal }) => api.order(id, signal))
        .catch(orExplain(id));
      return { ...value, asOf: stale ? `${Math.round((ageMs ?? 0) / 1_000)} s ago` : "now" };
    },
  });

const cancelOrder = (api: ReturnType<typeof ordersApi>) =>
  defineTool({
    name: "cancel_order",
    title: "Cancel an order",
    description: "Cancels one order by its number.",
    inputSchema: Id,
    outputSchema: z.object({ id: z.string().describe("Order number") }),
    annotations: { destructiveHint: true },
    handler: async ({ id }, call) => {
      // No key: it changes something, so it is asked once. Whatever came of it, what was kept may be wrong now.
      await orders
        .run(call, {}, ({ signal }) => api.cancel(id, signal))
        .catch(orExplain(id))
        .finally(() => orders.invalidate(`order:${id}`));
      return { id };
    },
  });

export const shop = (api: ReturnType<typeof ordersApi>): ServerDefinition =>
  defineServer({
    name: "shop",
    version: "1.0.0",
    tools: [readOrder(api), cancelOrder(api)],
    dependencies: [orders],
  });
// #endregion
