import { connect, WIRES } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { ratesServer } from "./candidate.ts";

test.each(WIRES)("in the shadow, the handler answers over %s", async (wire) => {
  const client = await connect(
    ratesServer(
      async () => 1.1,
      async () => 9.9,
    ),
    { wire, logLevel: "silent" },
  );
  expect((await client.call("get_rate", { currency: "USD" })).data).toEqual({ rate: 1.1 });
  await client.close();
});
