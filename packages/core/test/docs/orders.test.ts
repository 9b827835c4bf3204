import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { ordersApi, shop } from "./orders.ts";

test("the server of the guide reads, cancels, and says when it cannot know", async () => {
  let status = "open";
  let down = false;
  const api = createServer(({ method, url }, response) => {
    if (down) response.socket?.destroy();
    else if (!url?.startsWith("/orders/17")) response.writeHead(404).end();
    else if (method === "GET") response.end(JSON.stringify({ id: "17", status }));
    else {
      status = "cancelled";
      response.end();
    }
  });
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  const client = await connect(shop(ordersApi(`http://127.0.0.1:${(api.address() as AddressInfo).port}`)), {
    wire: "stdio-2026",
  });
  const read = async (id: string) => client.call("read_order", { id });
  expect((await read("17")).data).toEqual({ id: "17", status: "open", asOf: "now" });
  expect((await read("18")).text).toBe('No order "18". Ask for the number.');
  await client.call("cancel_order", { id: "17" });
  expect((await read("17")).data.status).toBe("cancelled");
  down = true;
  expect((await read("17")).data).toEqual({ id: "17", status: "cancelled", asOf: "now" });
  expect((await read("19")).text).toBe("orders is not answering. Try again in 1 s.");
  expect((await client.call("cancel_order", { id: "17" })).text).toBe(
    "orders was asked and gave no answer, so this may be done or not. Look before you call again.",
  );
  expect((await read("17")).isError).toBe(true);
  await client.close();
  api.close();
});
