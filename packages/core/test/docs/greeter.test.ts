// The test of "Test it" in docs/testing.md.
// #region test
import { connect, WIRES } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { greeter } from "./greeter.ts";

test.each(WIRES)("greets in a language it knows, over %s", async (wire) => {
  const client = await connect(greeter, { wire });
  expect((await client.call("greet", { name: "Ada", language: "de" })).data).toEqual({ greeting: "Hallo, Ada!" });
  expect(await client.call("greet", { name: "Ada", language: "xx" })).toMatchObject({
    isError: true,
    text: 'No greeting in "xx". Use one of: en,de,ja.',
  });
  await client.close();
});
// #endregion
