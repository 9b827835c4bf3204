// The burn-rate alerts on a clock of the test's own. An objective of 99.5 % leaves a budget of 0.5 %.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Alert, type BadKind, createSlo } from "../../src/telemetry/slo.ts";
import { createWindows } from "../../src/telemetry/windows.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A service on a virtual clock: calls at an even rate, some of them bad. */
function service(options: Parameters<typeof createSlo>[0] = {}) {
  const heard: (Alert & { at: number })[] = [];
  let now = 1_234_567;
  const slo = createSlo(options, (alert) => heard.push({ ...alert, at: now }));
  return {
    slo,
    heard,
    get now() {
      return now;
    },
    /** Calls for `ms`, one each `every` ms; `bad` says which are bad. */
    run(ms: number, every: number, bad: (at: number) => BadKind | undefined = () => undefined) {
      let at = 0;
      for (const end = now + ms; now < end; now += every) slo.record(bad(at++), now);
    },
    idle(ms: number) {
      for (const end = now + ms; now < end; now += MINUTE) slo.check(now);
    },
  };
}
const all = (): BadKind => "internal_error";
const oneIn = (n: number) => (at: number) => (at % n === 0 ? ("internal_error" as const) : undefined);

test("a total outage from the start pages at the tenth failure", () => {
  const { run, heard } = service();
  run(9_000, 1_000, all);
  expect(heard).toEqual([]);
  run(1_000, 1_000, all);
  expect(heard).toMatchObject([
    { state: "firing", severity: "page", burnRate: 200, windows: [60, 5], bad: 10, total: 10 },
  ]);
});

test("a total outage after hours of quiet pages as soon as 14.4 × the budget of an hour is gone: 7.2 % of it", () => {
  const { run, heard, slo } = service();
  run(6 * HOUR, 1_000);
  expect(heard).toEqual([]);
  const began = 6 * HOUR + 1_234_567;
  run(10 * MINUTE, 1_000, all);
  // A leak of the whole budget is a ticket before it is a page.
  expect(heard.map(({ severity, state }) => `${severity} ${state}`)).toEqual(["ticket firing", "page firing"]);
  expect(heard[1]).toMatchObject({
    severity: "page",
    windows: [60, 5],
    runbook: "docs/runbooks/incompatible-payloads.md",
  });
  // An hour of 3 600 calls, the running minute counted as a whole: 7.2 % are 256 to 260 seconds.
  expect((heard[1]?.at as number) - began).toBeGreaterThanOrEqual(250_000);
  expect((heard[1]?.at as number) - began).toBeLessThanOrEqual(260_000);
  expect(slo.burnRate(60)).toBeGreaterThan(14.4);
});

test("1 % of errors for an hour pages nobody", () => {
  const { run, heard } = service();
  run(3 * 24 * HOUR, 10_000);
  run(HOUR, 1_000, oneIn(100));
  expect(heard).toEqual([]);
});

test("1 % of errors for an hour on a server that has just started is a ticket at most", () => {
  const { run, heard } = service();
  run(HOUR, 1_000, oneIn(100));
  expect(heard.filter(({ severity }) => severity === "page")).toEqual([]);
  expect(heard).toMatchObject([{ severity: "ticket", state: "firing" }]);
});

test("one error at low traffic alerts nobody, although it is all of the traffic", () => {
  const { run, heard, slo } = service();
  run(1, 1, all);
  expect(slo.burnRate(5)).toBe(200);
  run(HOUR, 10 * MINUTE);
  expect(heard).toEqual([]);
});

test("four percent, 8 × the budget, is the slower page: over six hours and thirty minutes", () => {
  const { run, heard } = service();
  run(6 * HOUR, 1_000);
  run(6 * HOUR, 1_000, oneIn(25));
  const pages = heard.filter(({ severity }) => severity === "page");
  expect(pages).toMatchObject([{ state: "firing", windows: [360, 30] }]);
  expect(pages[0]?.burnRate).toBeCloseTo(6, 1);
});

test("a slow leak is a ticket: 1.5 × for three days", () => {
  const { run, heard } = service();
  run(3 * 24 * HOUR, 10_000, oneIn(134));
  expect(heard).toMatchObject([{ severity: "ticket", windows: [4_320, 360] }]);
});

test("an alert clears when the outage is over for as long as the shorter window, and its traffic goes on", () => {
  const { run, heard } = service({ objective: 0.99 });
  run(3 * 24 * HOUR, 10_000);
  run(30 * MINUTE, 1_000, all);
  expect(heard.map(({ state, severity }) => `${severity} ${state}`)).toContain("page firing");
  run(6 * HOUR, 1_000);
  expect(heard.filter(({ severity }) => severity === "page").map(({ state }) => state)).toEqual(["firing", "cleared"]);
});

test("an alert clears when nobody calls any more", () => {
  const { run, idle, heard, slo } = service();
  run(20_000, 1_000, all);
  expect(slo.firing).toHaveLength(1);
  idle(5 * MINUTE);
  // The shorter window of the first rule is empty; those of the others are not yet.
  expect(slo.firing[0]?.severity).toBe("page");
  idle(6 * HOUR);
  expect(slo.firing).toEqual([]);
  expect(heard.at(-1)).toMatchObject({ state: "cleared" });
});

test("one outage is one page, however many calls fail", () => {
  const { run, heard } = service();
  run(HOUR, 100, all);
  expect(heard).toHaveLength(1);
});

test.each([
  ["overloaded", "spike"],
  ["deadline_exceeded", "slow-dependency"],
  ["slow", "slow-dependency"],
  ["internal_error", "incompatible-payloads"],
] as const)("an alert for %s leads to the runbook %s", (cause, scenario) => {
  const { run, heard } = service();
  run(20_000, 1_000, () => cause);
  expect(heard[0]).toMatchObject({ cause, runbook: `docs/runbooks/${scenario}.md` });
});

describe("windows", () => {
  test("sum exactly what a list of all events would, over any gaps", () => {
    const steps = fc.array(
      fc.record({ wait: fc.oneof(fc.nat(30_000), fc.nat(20 * MINUTE), fc.nat(400 * MINUTE)), bad: fc.boolean() }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.nat(10_000_000), (events, start) => {
        const windows = createWindows(["good", "bad"], 120);
        const seen: { minute: number; kind: string }[] = [];
        let at = start;
        for (const { wait, bad } of events) {
          at += wait;
          const kind = bad ? "bad" : "good";
          windows.count(kind, at);
          seen.push({ minute: Math.floor(at / MINUTE), kind });
          for (const length of [1, 5, 60, 120]) {
            const oldest = Math.floor(at / MINUTE) - length;
            expect(windows.sum("bad", length)).toBe(
              seen.filter((event) => event.kind === "bad" && event.minute > oldest).length,
            );
          }
        }
      }),
    );
  });
});
