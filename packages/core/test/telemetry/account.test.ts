// What a server knows of its own work without anybody's SDK, through real calls.
import { expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { quietWire } from "../../src/call/wire.ts";
import { createLatency } from "../../src/telemetry/latency.ts";
import { createLog } from "../../src/telemetry/log.ts";
import type { Alert } from "../../src/telemetry/slo.ts";
import { connect, WIRES } from "../../src/testing/index.ts";
import { createLab } from "../fixtures/lab.ts";

test.each(WIRES)(
  "internal errors page with a runbook in one line, a tool's own errors never, over %s",
  async (wire) => {
    const log: string[] = [];
    const alerts: Alert[] = [];
    const client = await connect(createLab().server, { wire, log, slo: { onAlert: (alert) => alerts.push(alert) } });
    for (let at = 0; at < 20; at += 1) await client.call("refuses");
    for (let at = 0; at < 20; at += 1) await client.call("no_such_tool").catch(() => {});
    expect(alerts).toEqual([]);
    for (let at = 0; at < 20; at += 1) await client.call("throws_secret");
    await client.close();
    const lines = log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "alert");
    expect(alerts).toMatchObject([{ severity: "page", state: "firing", cause: "internal_error" }]);
    expect(lines).toEqual([
      expect.objectContaining({ level: "error", severity: "page", runbook: "docs/runbooks/incompatible-payloads.md" }),
    ]);
  },
);

test("calls refused because there is no room and calls past their deadline are bad, slow ones when that was asked for", async () => {
  const causes = async (
    use: (call: (name: string, input?: object) => Promise<unknown>) => Promise<unknown>,
    options = {},
  ) => {
    const alerts: Alert[] = [];
    const lab = createLab();
    const client = await connect(lab.server, {
      wire: "stdio-2025",
      slo: { minimumBad: 1, onAlert: (alert) => alerts.push(alert), ...options },
      limits: { timeoutMs: 30, maxRunning: 1, maxWaiting: 0 },
    });
    await use((name, input) => client.call(name, { ...input }).catch((error: unknown) => error));
    await client.close();
    return alerts.map(({ cause }) => cause);
  };
  expect(await causes((call) => Promise.all([call("slow", { ms: 5 }), call("slow", { ms: 5 })]))).toEqual([
    "overloaded",
  ]);
  expect(await causes((call) => call("slow", { ms: 500 }))).toEqual(["deadline_exceeded"]);
  expect(await causes((call) => call("slow", { ms: 15 }), { slowMs: 5 })).toEqual(["slow"]);
  expect(await causes((call) => call("slow", { ms: 15 }))).toEqual([]);
});

test("latencies are percentiles by tool", async () => {
  const { record, snapshot } = createLatency();
  for (let ms = 1; ms <= 100; ms += 1) record("fast", ms);
  record("slow", 3_600_000);
  record("odd", 0);
  const { fast, slow, odd } = snapshot();
  expect(fast?.calls).toBe(100);
  expect(fast?.p50).toBeCloseTo(50, -1);
  expect(fast?.p99).toBeCloseTo(99, -1);
  expect(slow?.max).toBeGreaterThan(590_000);
  expect(odd?.p50).toBeGreaterThan(0);
});

test("a name that no tool has makes no histogram", async () => {
  const app = createApp(createLab().server, { log: createLog("silent") });
  const wire = quietWire({ era: "2025" });
  const call = app.methods.get("tools/call") as NonNullable<ReturnType<typeof app.methods.get>>;
  await call({ name: "echo", arguments: { text: "" } }, wire);
  await call({ name: "made_up" }, wire).catch(() => {});
  expect(Object.keys(app.account.latency())).toEqual(["echo"]);
  expect([...app.account.protocolErrors]).toEqual([["invalid_params", 1]]);
});
