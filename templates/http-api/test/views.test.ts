// The view in a real browser, as a client shows it. Without a Chromium it is skipped, saying so.
import { readdir, stat } from "node:fs/promises";
import { connect, noChromium, showView, type TestClient } from "@offshoot/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { Config } from "../src/config.ts";
import { openApi } from "../src/open.ts";
import { httpApiServer } from "../src/server.ts";
import { columnsOf, rowsOf, sortRows } from "../src/views/rows.ts";

const reason = await noChromium();
const built = new URL("../dist/views/", import.meta.url);
const hostile = `</script><img src=x onerror="document.title='ran'"><script>document.title='ran'</script> \u202etxt.exe`;

async function session(): Promise<TestClient> {
  const opened = await openApi(Config.parse({}));
  const client = await connect(httpApiServer(opened), { wire: "stdio-2026" });
  onTestFinished(async () => {
    await client.close();
    await opened.close();
  });
  return client;
}

test("the view is one document of less than 30 kB", async () => {
  expect(await readdir(built)).toEqual(["answer.html"]);
  expect((await stat(new URL("answer.html", built))).size).toBeLessThan(30_000);
});

test("rows are found in an answer or in a field of it, and sorted as what they are", () => {
  const rows = [{ n: 10 }, { n: 9 }, { n: null }, { n: 100 }];
  expect(rowsOf(rows)).toBe(rows);
  expect(rowsOf({ total: 3, items: rows })).toBe(rows);
  for (const none of [
    [],
    {},
    null,
    "text",
    [1, 2],
    { items: ["a"] },
    [{ a: 1 }, 2],
    [...Array(200).fill({ a: 1 }), null],
  ])
    expect(rowsOf(none)).toBeUndefined();
  expect(sortRows(rows, "n", false).map(({ n }) => n)).toEqual([9, 10, 100, null]);
  expect(sortRows(rows, "n", true).map(({ n }) => n)).toEqual([100, 10, 9, null]);
  expect(sortRows([{ n: "o10" }, { n: "o9" }], "n", false).map(({ n }) => n)).toEqual(["o9", "o10"]);
});

test("fields of every row are columns, and those without room are counted", () => {
  expect(columnsOf([...Array(200).fill({ a: 1 }), { b: 2 }])).toEqual({ columns: ["a", "b"], left: 0 });
  const wide = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f${at}`, at]));
  expect(columnsOf([wide])).toMatchObject({ columns: { length: 12 }, left: 8 });
});

describe.skipIf(reason !== undefined)(`in a browser${reason === undefined ? "" : ` (${reason})`}`, () => {
  test("a list is a table that its headings sort, a page after the other", async () => {
    const client = await session();
    await using view = await showView(client, "list_products", { limit: 3 });
    const { frame } = view;
    const names = () => frame.locator("tbody tr td:nth-child(1)").allTextContents();
    const first = await names();
    expect(first).toHaveLength(3);
    await frame.getByRole("columnheader").first().getByRole("button").click();
    await frame.getByRole("columnheader").first().getByRole("button").click();
    expect(await frame.getByRole("columnheader").first().getAttribute("aria-sort")).toBe("descending");
    expect(await names()).toEqual([...first].reverse());
    await frame.getByRole("button", { name: "Next page" }).click();
    await expect.poll(async () => (await names()).some((name) => first.includes(name))).toBe(false);
    expect(view.calls.map(({ input }) => input)).toEqual([{ limit: 3, after: expect.any(String) }]);
    expect(view.problems).toEqual([]);
  });

  test("a dry run shows the exact request, and sends it once", async () => {
    const client = await session();
    const input = { customer: "ada", lines: [{ product: "p3", quantity: 2 }], dry_run: true };
    await using view = await showView(client, "create_order", input, { theme: "dark", width: 320 });
    expect(await view.frame.locator("pre").textContent()).toMatch(/^POST http.*\/orders/);
    expect(await view.frame.evaluate("document.documentElement.scrollWidth")).toBe(320);
    const before = (await client.call("list_orders", { customer: "ada", limit: 100 })).data.data.items.length;
    await view.frame.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => view.frame.locator("p.quiet").textContent()).toMatch(/HTTP 201/);
    expect(await view.frame.getByRole("button", { name: "Send" }).count()).toBe(0);
    expect((await client.call("list_orders", { customer: "ada", limit: 100 })).data.data.items).toHaveLength(
      before + 1,
    );
    await expect
      .poll(() => view.told)
      .toEqual([expect.stringContaining("The user has called create_order in its view")]);
    expect(view.problems).toEqual([]);
  });

  test("a dry run that a client shows again, after it was sent, does nothing twice", async () => {
    const client = await session();
    const input = { customer: "ada", lines: [{ product: "p3", quantity: 2 }], dry_run: true };
    const outcome = await client.call("create_order", input);
    const orders = async () =>
      (await client.call("list_orders", { customer: "ada", limit: 100 })).data.data.items.length;
    const before = await orders();
    for (let time = 0; time < 2; time += 1) {
      await using view = await showView(client, "create_order", input, { outcome });
      await view.frame.getByRole("button", { name: "Send" }).click();
      await expect.poll(() => view.frame.locator("p.quiet").first().textContent()).toMatch(/HTTP 201/);
      expect(view.calls[0]?.input.idempotency_key).toBe(outcome.data.request.headers["idempotency-key"]);
    }
    expect(await orders()).toBe(before + 1);
  });

  test("what stands beside a list is shown, and fields without room are counted", async () => {
    const client = await session();
    const outcome = await client.call("list_products", { limit: 1 });
    const row = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f${at}`, at]));
    const data = { status: 200, data: { error: "quota exceeded", items: [row] } };
    await using view = await showView(client, "list_products", {}, { outcome: { ...outcome, data } });
    expect(await view.frame.locator("td").count()).toBe(12);
    expect(await view.frame.locator("main").textContent()).toContain("8 more fields are not shown.");
    expect(await view.frame.locator("pre").textContent()).toContain("quota exceeded");
    await view.post({ jsonrpc: "2.0", method: "ui/notifications/tool-cancelled", params: { reason: "enough" } });
    await expect.poll(() => view.frame.getByRole("status").textContent()).toBe("The call was cancelled.");
  });

  test("what the API answers is text, and stays in the frame", async () => {
    const client = await session();
    const outcome = await client.call("list_products", { limit: 1 });
    const row = { [hostile]: hostile, link: "javascript:document.title='ran'", deep: { [hostile]: [hostile] } };
    const data = {
      status: 200,
      data: Array.from({ length: 100_000 }, (_, at) => (at === 0 ? row : { [hostile]: at })),
      next_cursor: hostile,
      warning: hostile,
    };
    await using view = await showView(client, "list_products", {}, { outcome: { ...outcome, data } });
    expect(await view.frame.locator("tbody tr").count()).toBe(200);
    await view.frame.getByRole("columnheader").first().getByRole("button").click();
    await view.frame.getByRole("button", { name: /^Show more/ }).click();
    expect(await view.frame.locator("tbody tr").count()).toBe(400);
    expect(await view.frame.title()).toBe("Answer");
    expect(await view.frame.locator("img, a, main script").count()).toBe(0);
    expect(view.problems).toEqual([]);
  });
});
