// What the runbooks are tried on: the shop of docs/depending-on-others.md as an operator runs it, and a tool that takes time.
import { setTimeout as sleep } from "node:timers/promises";
import { defineServer, defineTool } from "@offshoot/core";
import { loadConfig, serve } from "@offshoot/core/serve";
import { z } from "zod";
import { ordersApi, shop } from "../docs/orders.ts";

const config = loadConfig(
  z.object({ orders: z.string().default("http://127.0.0.1:9").describe("Base URL of the orders service") }),
  { name: "shop", version: "1.0.0", description: "sells things", envPrefix: "SHOP" },
);
const { tools, dependencies } = shop(ordersApi(config.orders));
const countStock = defineTool({
  name: "count_stock",
  title: "Count the stock",
  description: "Counts what is there; it takes a while.",
  inputSchema: z.object({}),
  outputSchema: z.object({ pieces: z.number().describe("How many pieces there are") }),
  annotations: { readOnlyHint: true },
  handler: async () => {
    await sleep(300);
    return { pieces: 3 };
  },
});
await serve(
  defineServer({
    name: "shop",
    version: "1.0.0",
    tools: [...tools.values(), countStock],
    dependencies: [...dependencies.values()],
  }),
  { config, slo: { slowMs: 300 } },
);
