// What an operator can turn: the gate's limits and the breakers of dependencies, together with profile and log level.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { followControlFile } from "../../src/control/control-file.ts";
import type { ControlEvent } from "../../src/control/events.ts";
import type { Candidate, Tool } from "../../src/index.ts";
import { dependency } from "../../src/resilience/index.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createLab } from "../fixtures/lab.ts";

/** A server with a dependency, a file beside it, and what became of either. */
function operated(wanted: object, name = "orders") {
  const folder = mkdtempSync(join(tmpdir(), "operator-"));
  const file = join(folder, "control.json");
  const log: string[] = [];
  const orders = dependency(name);
  const { tools, ...lab } = createLab().server;
  const tried = { ...(tools.get("echo") as Tool), name: "get_rate", candidate: {} as Candidate };
  const server = {
    ...lab,
    tools: new Map([...tools, ["get_rate", tried]]),
    dependencies: new Map([[name, orders]]),
  };
  const app = createApp(server, { log: createLog("info", { write: (line) => log.push(line) }) });
  const events: ControlEvent[] = [];
  app.control.listen((event) => events.push(event));
  const write = (content: object): void => writeFileSync(file, JSON.stringify(content));
  write(wanted);
  return {
    app,
    events,
    log,
    file,
    write,
    follow: () => followControlFile(file, app),
    state: () => ({
      profile: app.access?.label,
      level: app.log.level,
      maxRunning: app.gate.limits.maxRunning,
      forced: orders.snapshot().forced,
    }),
    end: () => rmSync(folder, { recursive: true }),
  };
}

// Shown in docs/operating.md, with a log level that lets no line of a change through.
const shown = JSON.parse(readFileSync(new URL("../docs/control.json", import.meta.url), "utf8"));
const all = { ...shown, logLevel: "warn" };
const asked = { profile: "read-only", level: "warn", maxRunning: 8, forced: "open" };
const before = { profile: undefined, level: "info", maxRunning: 64, forced: "auto" };

test("each part that is another is one event, and what the file leaves out goes back to the start", async () => {
  const { events, write, follow, state, end } = operated(all);
  const stop = follow();
  expect(state()).toEqual(asked);
  expect(events.map(({ what, before, after }) => [what, before, after])).toEqual([
    ["profile", null, "read-only"],
    ["log_level", "info", "warn"],
    ["limit", { maxRunning: 64 }, { maxRunning: 8 }],
    ["breaker", "auto", "forced open"],
  ]);
  for (const { by } of events) expect(by).toMatch(/^uid \d+$/);
  process.emit("SIGHUP");
  expect(events).toHaveLength(4);
  write({ limits: { maxRunning: 8 } });
  process.emit("SIGHUP");
  expect(state()).toEqual({ ...before, maxRunning: 8 });
  expect(events).toHaveLength(7);
  stop();
  end();
});

test.each(["limits", "record"])(
  "all or nothing: what fails at the %s undoes what came before it, and nobody hears",
  (what) => {
    const { app, events, log, write, follow, state, end } = operated({});
    const stop = follow();
    if (what === "record")
      app.control.keep(() => {
        throw new Error("the disk is full");
      });
    write(what === "limits" ? { ...all, limits: { maxRunning: -1 } } : all);
    process.emit("SIGHUP");
    expect(state()).toEqual(before);
    expect(events).toEqual([]);
    expect(log.filter((line) => line.includes("control file refused"))).toHaveLength(1);
    stop();
    end();
  },
);

test("a dependency by the name of an object's own machinery is turned only where the file names it", () => {
  const { write, follow, state, log, end } = operated({}, "constructor");
  const stop = follow();
  expect(state()).toEqual(before);
  write({ breakers: { constructor: "open" } });
  process.emit("SIGHUP");
  expect(state()).toEqual({ ...before, forced: "open" });
  stop();
  expect(log.some((line) => line.includes("refused"))).toBe(false);
  end();
});

test.each(["breakers", "rollouts", "limits"])(
  "a name that objects lose is refused in %s, and not passed over",
  (part) => {
    const { file, follow, end } = operated({});
    writeFileSync(file, `{"${part}":{"__proto__":"open"}}`);
    expect(follow).toThrow('it has the key "__proto__", and nothing can have that name. Take it out.');
    end();
  },
);
