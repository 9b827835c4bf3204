import { connect, serveFaults } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { ordersApi, shop } from "./orders.ts";

// #region faults
test("a change that is cut off is sent once, and the model is told to look", async () => {
  const upstream = await serveFaults({ do: "reset" });
  const client = await connect(shop(ordersApi(upstream.url)), { wire: "stdio-2026" });
  const { text } = await client.call("cancel_order", { id: "17" });
  expect(text).toContain("this may be done or not. Look before you call again.");
  expect(upstream.seen).toHaveLength(1);
  await client.close();
  await upstream.close();
});
// #endregion
