import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { connect } from "../../src/testing/index.ts";
import { bank } from "./payments.ts";
import { type Rates, ratesServer } from "./rates.ts";

const shown = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

test("docs/resources.md shows what reads really answer in both eras", async () => {
  let latest = { text: "EUR 1.08", ageMs: 15_000, stale: false };
  const rates: Rates = { latest: async () => latest, refresh: async () => true };
  const read = async (wire: "stdio-2025" | "stdio-2026") => {
    const client = await connect(ratesServer(rates), { wire });
    // Beside them the 2026 SDK names its server in _meta; that is no part of this.
    const { contents, ttlMs, cacheScope } = await client.request("resources/read", { uri: "rates://today" });
    await client.close();
    return JSON.parse(JSON.stringify({ contents, ttlMs, cacheScope }));
  };
  expect(await read("stdio-2026")).toEqual(shown("./rates-fresh.json"));
  latest = { ...latest, ageMs: 900_000, stale: true };
  expect(await read("stdio-2025")).toEqual(shown("./rates-stale.json"));
});

test("the payment of docs/writing-a-tool.md is made once", async () => {
  const pay = vi.fn(async () => ({ receipt: "r1" }));
  const client = await connect(bank(pay), { wire: "http-2026" });
  const input = { to: "ada", cents: 500, request_id: "rent of May" };
  expect((await client.call("pay", input)).data).toEqual({ receipt: "r1" });
  expect((await client.call("pay", input)).data).toEqual({ receipt: "r1" });
  expect((await client.call("pay", { ...input, cents: 1 })).isError).toBe(true);
  expect(pay).toHaveBeenCalledOnce();
  await client.close();
});
