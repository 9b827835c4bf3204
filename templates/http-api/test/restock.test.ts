import { defineServer } from "@offshoot/core";
import { connect } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import type { ApiReply, ApiRequest } from "../src/domain/operation.ts";
import { restockTool } from "../src/tools/restock.ts";
import { fakeApi } from "./fixtures/api.ts";

/** Calls the hand-written tool on pages that come as the test has them. */
async function restock(page: (after: number) => Partial<ApiReply>, input: Record<string, unknown> = {}) {
  const { api, asked } = fakeApi(({ query }: ApiRequest) =>
    page(Number(query.find(([name]) => name === "after")?.[1] ?? 0)),
  );
  const server = defineServer({ name: "shop", version: "1.0.0", tools: [restockTool(api)] });
  const client = await connect(server, { wire: "stdio-2026" });
  const result = await client.call("products_to_restock", input);
  await client.close();
  return { ...result, asked: asked.length };
}

const item = (id: number, in_stock: number) => ({ id: `p${id}`, name: `Tea ${id}`, in_stock });

test("products of all pages, the scarcest first", async () => {
  const pages = [{ items: [item(1, 9), item(2, 300)], next: "1" }, { items: [item(3, 0)] }];
  const { data, asked } = await restock((after) => ({ body: pages[after] }), { below: 10 });
  expect(data).toEqual({ products: [item(3, 0), item(1, 9)], complete: true, stale: false });
  expect(asked).toBe(2);
});

test.each<[string, (after: number) => string]>([
  ["a page that names itself as the next", (after) => String(after)],
  ["two pages that name each other", (after) => String(1 - after)],
  ["a million pages", (after) => String(after + 1)],
])("%s: it ends after twenty pages and says that it is not complete", async (_what, next) => {
  const { data, asked } = await restock((after) => ({ body: { items: [item(after, 1)], next: next(after) } }));
  expect(asked).toBe(20);
  expect(data).toMatchObject({ complete: false });
  expect(data.products).toHaveLength(20);
});

test("an answer that is not a page of products is not explained by the tool", async () => {
  const { isError, text } = await restock(() => ({ body: { items: "none" } }));
  expect(isError).toBe(true);
  expect(text).toMatch(/correlation id/);
});
