import { connect, serveFaults } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { Config } from "../src/config.ts";
import { openApi } from "../src/open.ts";
import { httpApiServer } from "../src/server.ts";
import { described, descriptionFile, operation } from "./fixtures/description.ts";

/** An API with operations at two places, by the names of their tools. */
async function openTwo() {
  const [base, other] = [await serveFaults({ do: "answer" }), await serveFaults({ do: "answer" })];
  const paths = {
    "/here": { get: operation({ operationId: "here" }) },
    "/below": { get: operation({ operationId: "below", servers: [{ url: "/v2" }] }) },
    "/there": { get: operation({ operationId: "there", servers: [{ url: other.url }] }) },
  };
  const api = await descriptionFile(described(paths, { servers: [{ url: base.url }] }));
  const operations = "here,below,there";
  const opened = await openApi(Config.parse({ api, operations, privateHosts: "127.0.0.1", keepStale: "0" }));
  const client = await connect(httpApiServer(opened), { wire: "stdio-2026" });
  const close = async () => {
    await client.close();
    await opened.close();
    await base.close();
    await other.close();
  };
  return { base, other, client, dependency: opened.api.dependency, close };
}

const codeOf = ({ meta }: { meta: Record<string, unknown> }) =>
  (meta["offshoot/error"] as { code: string } | undefined)?.code;

test.each(["base", "other"] as const)("a host that is dead (%s) keeps no other from being asked", async (dead) => {
  const { client, dependency, close, ...hosts } = await openTwo();
  const events: string[] = [];
  dependency.onEvent(({ name, after }) => events.push(`${name} ${after}`));
  hosts[dead].behave({ do: "answer", status: 500 });
  const [bad, good] = dead === "base" ? ["here", "there"] : ["there", "here"];
  for (let n = 0; n < 12; n += 1) await client.call(bad, {});
  expect(codeOf(await client.call(bad, {}))).toBe("dependency_not_asked");
  const asked = hosts[dead].seen.length;
  expect((await client.call(good, {})).isError).toBe(false);
  // The same host by another path of the description is the same host.
  expect(codeOf(await client.call("below", {}))).toBe(dead === "base" ? "dependency_not_asked" : undefined);
  expect(hosts[dead].seen).toHaveLength(asked);
  // Named so that people see which.
  expect(events).toEqual([dead === "base" ? "api open" : `api:127.0.0.1:${hosts.other.port} open`]);
  await close();
});
