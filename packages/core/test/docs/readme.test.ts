import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { spawn } from "@offshoot/core/testing";
import { expect, test } from "vitest";

test("the README shows what the minimal template really answers", async () => {
  const main = fileURLToPath(new URL("../../../../templates/minimal/src/main.ts", import.meta.url));
  const client = await spawn(process.execPath, { args: [main] });
  const answer = await client.request("tools/call", { name: "define_term", arguments: { term: "mcp" } });
  expect(answer).toEqual(JSON.parse(readFileSync(new URL("define-term.json", import.meta.url), "utf8")));
  await client.close();
});
