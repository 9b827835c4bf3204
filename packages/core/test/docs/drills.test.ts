// #region drill
import { drillLine, spikeDrill } from "@offshoot/core/drills";
import { expect, test } from "vitest";
import { greeter } from "./greeter.ts";

test("the greeter survives a spike, with the limits it is served with", async () => {
  const result = await spikeDrill(greeter, {
    call: { tool: "greet", input: { name: "Ada" } },
    limits: { maxRunning: 48 },
  });
  expect(result.verdict, drillLine(result)).toBe("pass");
});
// #endregion
