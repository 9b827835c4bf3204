import { defineTool, type Tool } from "@offshoot/core";
import { z } from "zod";
import type { Api } from "../api.ts";

/** An answer of the sample API that this tool reads; what else is in it does not matter here. */
const Products = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), in_stock: z.number() })),
  next: z.string().optional(),
});

/** More pages than the shop has. An API whose pages never end, or lead round, must not hold a call for ever. */
const MAX_PAGES = 20;

/**
 * A tool written by hand, beside those made from the description: it answers a question that no single operation does.
 * Write one where a model would otherwise call a tool many times and count.
 */
export const restockTool = (api: Api): Tool =>
  defineTool({
    name: "products_to_restock",
    title: "What to restock",
    description: "Lists every product with fewer packets in stock than asked, the scarcest first, over all pages.",
    inputSchema: z.object({
      below: z.number().int().min(1).max(1_000).default(20).describe("Packets in stock below which it is listed"),
    }),
    outputSchema: z.object({
      products: z
        .array(
          z.object({
            id: z.string().describe("Product id"),
            name: z.string().describe("Name"),
            in_stock: z.number().int().describe("Packets in stock"),
          }),
        )
        .describe("The scarcest first"),
      complete: z.boolean().describe("False when there were more pages than are read in one call"),
      stale: z.boolean().describe("True when a part is from an older answer, because the API did not answer"),
    }),
    annotations: { readOnlyHint: true },
    scopes: ["api:read"],
    handler: async ({ below }, call) => {
      const products: z.output<typeof Products>["items"] = [];
      let after: string | undefined;
      let anyStale = false;
      let complete = false;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        call.progress(page, undefined, `${products.length} found`);
        const query: [string, string][] = [["limit", "5"]];
        if (after !== undefined) query.push(["after", after]);
        const request = { operation: "listProducts", method: "GET", path: "/products", query } as const;
        const { reply, stale } = await api.send(
          call,
          { ...request, headers: {}, body: undefined },
          { idempotent: true },
        );
        const { items, next } = Products.parse(reply.body);
        products.push(...items.filter(({ in_stock }) => in_stock < below));
        anyStale ||= stale;
        complete = next === undefined;
        if (complete) break;
        after = next;
      }
      return { products: products.sort((a, b) => a.in_stock - b.in_stock), complete, stale: anyStale };
    },
  });
