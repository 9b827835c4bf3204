import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { connect } from "../../src/testing/index.ts";
import { greeter } from "./greeter.ts";

test("the README shows what the call really answers", async () => {
  const client = await connect(greeter, { wire: "stdio-2025" });
  const answer = await client.request("tools/call", { name: "greet", arguments: { name: "Ada", language: "ja" } });
  expect(answer).toEqual(JSON.parse(readFileSync(new URL("./call.json", import.meta.url), "utf8")));
  await client.close();
});
