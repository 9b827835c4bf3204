import { writeFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Fault, type ToolOutcome, WIRES } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import { createCredentials } from "../src/domain/upstream/credentials/credentials.ts";
import { createSecret } from "../src/domain/upstream/credentials/secret.ts";
import { failingFirst, ORDER, serveOrders } from "./fixtures/served.ts";

const codeOf = ({ meta }: ToolOutcome) => (meta["offshoot/error"] as { code: string } | undefined)?.code;
const answer = (status: number, body: unknown = {}, headers: Record<string, string> = {}): Fault => ({
  do: "answer",
  status,
  body,
  headers,
});

describe.each(WIRES)("what a model sees of an API that fails (%s)", (wire) => {
  test.each<[number, Fault, string, RegExp]>([
    [400, answer(400, { detail: "item is no tea" }), "bad_request", /Correct the input.*its own words.*item is no tea/],
    [401, answer(401), "unauthorized", /credential was refused.*calling again will not help/],
    [403, answer(403), "forbidden", /does not allow this/],
    [404, answer(404), "not_found", /check the ids/],
    [409, answer(409), "conflict", /Read it again/],
    [418, answer(418), "refused_by_api", /status 418/],
    [429, answer(429, {}, { "retry-after": "7" }), "dependency_unavailable", /Nothing was done. Try again in 7 s/],
    [500, answer(500), "outcome_unknown", /may be done or not/],
    [502, answer(502), "outcome_unknown", /may be done or not/],
    [503, answer(503, {}, { "retry-after": "-1" }), "dependency_unavailable", /Nothing was done. Try again in 1 s/],
  ])(
    "status %i has a code of its own and a next step, and what changes something is asked once",
    async (_, fault, code, text) => {
      const { server, faults, close } = await serveOrders(fault);
      const client = await connect(server, { wire });
      const result = await client.call("ship_order", { id: "o1" });
      expect([result.isError, codeOf(result)]).toEqual([true, code]);
      expect(result.text).toMatch(text);
      expect(faults.seen).toHaveLength(1);
      await client.close();
      await close();
    },
  );

  test("status 200 with an error in it is not as described, and no data", async () => {
    const { server, close } = await serveOrders(answer(200, { error: "overloaded" }));
    const client = await connect(server, { wire });
    const result = await client.call("get_order", { id: "o1" });
    expect([codeOf(result), result.data]).toEqual(["reply_not_as_described", undefined]);
    await client.close();
    await close();
  });

  test("401 has the credential read again once, and never goes round", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "offshoot-api-")), "token");
    await writeFile(file, "first-token\n");
    const credentials = createCredentials(createSecret(`file:${file}`), { kind: "bearer" });
    const { server, faults, close } = await serveOrders(answer(401), { credentials });
    const client = await connect(server, { wire });
    // The same credential as before: there is nothing to try again with.
    expect(codeOf(await client.call("ship_order", { id: "o1" }))).toBe("unauthorized");
    faults.behave(() => {
      writeFileSync(file, "second-token\n");
      return answer(401);
    });
    expect(codeOf(await client.call("ship_order", { id: "o1" }))).toBe("unauthorized");
    const tokens = faults.seen.map(({ headers }) => headers.authorization);
    expect(tokens).toEqual(["Bearer first-token", "Bearer first-token", "Bearer second-token"]);
    await client.close();
    await close();
  });

  test("what changes something and is cut off after it was sent is not sent again: the outcome is unknown", async () => {
    const { server, faults, close } = await serveOrders(answer(200), { api: { timeoutMs: 1_000 } });
    const client = await connect(server, { wire });
    // The first call opens a connection; what is measured begins after it.
    await client.call("ship_order", { id: "o1" });
    for (const fault of [{ do: "hang" }, { do: "reset" }, { do: "truncate" }] as const) {
      faults.behave(fault);
      const before = faults.seen.length;
      const result = await client.call("ship_order", { id: "o1" });
      expect([fault.do, codeOf(result)]).toEqual([fault.do, "outcome_unknown"]);
      expect(result.text).toMatch(/Look before you call again/);
      await expect.poll(() => faults.seen.length - before).toBe(1);
    }
    await client.close();
    await close();
  });

  test("with an idempotency key it is sent again, under the same key", async () => {
    const { server, faults, close } = await serveOrders(failingFirst(1, { do: "reset" }));
    const client = await connect(server, { wire });
    expect((await client.call("create_order", { item: "tea" })).data).toEqual({ status: 200, data: ORDER });
    const [first, second, ...more] = faults.seen.map(({ headers }) => headers["idempotency-key"]);
    expect(more).toEqual([]);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).toBe(first);
    await client.close();
    await close();
  });

  test("an API that says nothing is given up at the call's deadline, and not asked beyond it", async () => {
    const { server, faults, close } = await serveOrders({ do: "hang" }, { api: { timeoutMs: 2_000 } });
    const client = await connect(server, { wire, limits: { timeoutMs: 500 } });
    expect((await client.call("get_order", { id: "o1" })).isError).toBe(true);
    await expect.poll(() => faults.connections).toBe(0);
    expect(faults.seen).toHaveLength(1);
    await client.close();
    await close();
  });

  test("a list where one value is due, and a query of a megabyte, are refused before anything is sent", async () => {
    const { server, faults, close } = await serveOrders(answer(200));
    const client = await connect(server, { wire });
    expect((await client.call("list_orders", { after: ["a", "b"] })).text).toMatch(/after: must be string/);
    expect((await client.call("list_orders", { after: "a".repeat(1_000_000) })).text).toMatch(/16384 characters/);
    await expect(client.call("list_orders", JSON.parse('{"__proto__": {"after": "x"}}'))).rejects.toThrow(/__proto__/);
    expect(faults.seen).toEqual([]);
    await client.close();
    await close();
  });
});

test("a credential that the API repeats is in no result, no data and no log line", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "offshoot-api-")), "token");
  const secret = 'correct-horse/"battery"+staple';
  await writeFile(file, `${secret}\n`);
  const credentials = createCredentials(createSecret(`file:${file}`), { kind: "basic", user: "shop" });
  const { server, faults, close } = await serveOrders({ do: "hang" }, { credentials, api: { timeoutMs: 5_000 } });
  const log: string[] = [];
  const client = await connect(server, { wire: "http-2026", log, logLevel: "debug" });
  const seen: unknown[] = [];
  const basic = Buffer.from(`shop:${secret}`).toString("base64");
  const echo = `you sent Basic ${basic}, that is ${secret}, ${encodeURIComponent(secret)} or ${[...secret].join("\u200b")}`;
  for (const fault of [
    answer(400, { detail: echo }),
    answer(500, echo, { "content-type": "text/plain" }),
    answer(503, { detail: echo }, { "retry-after": basic }),
    answer(200, `said: ${echo}`, { "content-type": "application/yaml; charset=utf-8" }),
    answer(
      200,
      { id: echo, total: 1 },
      { etag: `"${basic}"`, link: `<https://x.test/?t=${encodeURIComponent(secret)}>` },
    ),
    answer(200, `{"id": ${JSON.stringify(echo)}`),
    answer(200, `<svg><text>${secret}</text></svg>`, { "content-type": "image/svg+xml" }),
    answer(200, "{}", { "content-type": `application/json; charset=${basic.replaceAll("=", "")}` }),
    answer(302, "", { location: `https://x.test/${encodeURIComponent(secret)}` }),
  ]) {
    faults.behave(fault);
    seen.push(
      await client.call("ship_order", { id: "o1" }),
      await client.call("ship_order", { id: "o1", dry_run: true }),
    );
  }
  expect(faults.seen[0]?.headers.authorization).toBe(`Basic ${basic}`);
  const shown = JSON.stringify(seen) + log.join("");
  expect(log.length).toBeGreaterThan(0);
  for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), basic])
    expect(shown).not.toContain(form);
  expect(shown.split("[secret]").length).toBeGreaterThan(10);
  await client.close();
  await close();
});

test("a thousand calls at once: the API sees no more at a time than the limit, and every call is answered", async () => {
  let working = 0;
  let most = 0;
  const { server, api, faults, close } = await serveOrders(
    () => {
      working += 1;
      most = Math.max(most, working);
      setTimeout(() => (working -= 1), 10);
      return { ...answer(200, ORDER), afterMs: 10 } as Fault;
    },
    { connections: 64 },
  );
  // The limit moves with how fast answers come, so with the machine: it is looked at in every turn.
  let highest = 0;
  let going = true;
  const look = () => {
    highest = Math.max(highest, api.dependency.snapshot().limit);
    if (going) setImmediate(look);
  };
  look();
  // The server's own limits are another matter: here it lets all of them in, or has them wait.
  const limits = { initialRunning: 1_000, maxRunning: 1_000, maxWaiting: 1_000, waitMs: 50_000 };
  const client = await connect(server, { wire: "stdio-2026", limits });
  const results = await Promise.all(
    Array.from({ length: 1_000 }, (_, n) => client.call("get_order", { id: `o${n}` }, { timeoutMs: 60_000 })),
  );
  going = false;
  const answered = results.filter(({ isError }) => !isError).length;
  expect(answered).toBeGreaterThanOrEqual(8);
  expect(faults.seen).toHaveLength(answered);
  for (const result of results.filter(({ isError }) => isError)) expect(codeOf(result)).toBe("dependency_not_asked");
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(highest);
  await client.close();
  await close();
});
