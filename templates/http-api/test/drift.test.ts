import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLock, readContract, writeLock } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { Config } from "../src/config.ts";
import { openApi } from "../src/open.ts";
import { httpApiServer } from "../src/server.ts";
import { described, descriptionFile, operation } from "./fixtures/description.ts";

type Json = Record<string, unknown>;
const quantity = (type: string, required = false) => ({ name: "quantity", in: "query", required, schema: { type } });
const paths = (parameter: Json): Json => ({
  "/orders": { get: operation({ operationId: "listOrders", parameters: [parameter] }) },
  "/stock": { get: operation({ operationId: "getStock" }) },
});

/** The server of a description, with its two operations named. */
async function serverOf(api: Json, more: Partial<Config> = {}) {
  const file = await descriptionFile(api);
  const settings = { api: file, baseUrl: "https://api.example", operations: "listOrders,getStock", ...more };
  const opened = await openApi(Config.parse(settings));
  return { server: httpApiServer(opened), digest: opened.digest };
}

test("a description that changed against its pin stops the start, whatever changed", async () => {
  const { digest } = await serverOf(described(paths(quantity("integer"))));
  await serverOf(described(paths(quantity("integer"))), { pin: digest });
  for (const changed of [quantity("integer", true), quantity("string")])
    await expect(serverOf(described(paths(changed)), { pin: digest })).rejects.toThrow(
      /not the description that was pinned/,
    );
});

test("an operation that is gone stops the start by its name, pinned or not", async () => {
  const { "/stock": _, ...rest } = paths(quantity("integer"));
  await expect(serverOf(described(rest))).rejects.toThrow(/--operations names the operation "getStock"/);
});

test("without a pin, the contract lock names what changed for clients", async () => {
  const lock = join(await mkdtemp(join(tmpdir(), "offshoot-api-")), "contract.lock.json");
  const { server } = await serverOf(described(paths(quantity("integer"))));
  writeLock(server, lock);
  checkLock(server, lock);
  expect(Object.keys(readContract(server).tools)).toEqual(["get_stock", "list_orders", "read_more"]);
  const { server: stricter } = await serverOf(described(paths(quantity("integer", true))));
  expect(() => checkLock(stricter, lock)).toThrow(/tools\.list_orders\.inputSchema\.required.*"quantity"/);
  const { server: other } = await serverOf(described(paths(quantity("string"))));
  expect(() => checkLock(other, lock)).toThrow(/properties\.quantity\.type: "integer" → "string"/);
  const { server: fewer } = await serverOf(described(paths(quantity("integer"))), { operations: "listOrders" });
  expect(() => checkLock(fewer, lock)).toThrow(/tools\.get_stock: removed/);
});
