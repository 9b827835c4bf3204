// A policy that changes while clients are connected and calls run.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { quietWire } from "../../src/call/wire.ts";
import type { Policy } from "../../src/contract/policy.ts";
import { startControl } from "../../src/control/start.ts";
import { openPolicy } from "../../src/policy/open.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createPotServer, policyFile } from "./fixture.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server with an audit and a control file, as one process has them. */
function operated(policy?: Policy) {
  const folder = mkdtempSync(join(tmpdir(), "switch-"));
  const [audit, control] = [join(folder, "audit.jsonl"), join(folder, "control.json")];
  const ran: string[] = [];
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const app = createApp(
    createPotServer(ran, () => held),
    {
      log: createLog("silent"),
      operated: true,
      limits: { initialRunning: 128, maxRunning: 128 },
    },
  );
  const file = policy && policyFile(policy);
  app.setAccess(openPolicy({ policy: file }, { ...app, audited: true }));
  ends.push(startControl(app, { audit, control, policy: file }), () =>
    rmSync(folder, { recursive: true, force: true }),
  );
  const told: string[] = [];
  app.changes.listen({ id: "local" }, ({ type }) => told.push(type));
  const request = (method: string, params: Record<string, unknown>, id = "ada") =>
    (app.methods.get(method) as NonNullable<ReturnType<typeof app.methods.get>>)(
      params,
      quietWire({ caller: { id, scopes: ["pots:read", "pots:write", "pots:admin"] } }),
    );
  return {
    app,
    ran,
    release,
    told,
    file,
    audit,
    call: (name: string, id?: string) => request("tools/call", { name, arguments: {} }, id),
    list: async () =>
      ((await request("tools/list", {})) as { tools: { name: string }[] }).tools.map(({ name }) => name),
    ask(wanted: object) {
      writeFileSync(control, JSON.stringify(wanted));
      process.emit("SIGHUP");
    },
    records: () =>
      readFileSync(audit, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
  };
}

const rule = { name: "all", who: "everyone", what: "everything", decision: "allow" } as const;

test("100 calls that run keep their decision; the ones after them get the new one", async () => {
  const { call, ran, release, ask, list, told, records } = operated();
  const running = Array.from({ length: 100 }, (_, index) => call("write_pot", `c${index}`));
  await expect.poll(() => ran.length).toBe(100);
  ask({ profile: "read-only" });
  expect(told.sort()).toEqual(["prompts_list_changed", "resources_list_changed", "tools_list_changed"]);
  expect(await list()).toEqual(["read_pots", "read_shelf"]);
  await expect(call("write_pot")).rejects.toThrow("Unknown tool");
  release();
  for (const result of await Promise.all(running)) expect(result).not.toHaveProperty("isError");
  expect(ran).toHaveLength(100);
  ask({});
  expect(await list()).toHaveLength(4);
  expect(records().filter(({ what }) => what === "profile")).toMatchObject([
    { before: null, after: "read-only", outcome: "applied" },
    { before: "read-only", after: null, outcome: "applied" },
  ]);
});

test("a file that changes counts from the next look on, and one that is wrong changes nothing", async () => {
  const { call, release, ask, list, records, file, told } = operated({ default: "deny", rules: [rule] });
  release();
  expect(await list()).toHaveLength(4);
  policyFile({ default: "deny", rules: [{ ...rule, what: { readOnly: true } }] }, file);
  ask({ logLevel: "silent" });
  expect(await list()).toEqual(["read_pots", "read_shelf"]);
  policyFile({ default: "allow", rules: [{ ...rule, what: { tools: ["none"] } }] }, file);
  ask({});
  expect(await list()).toEqual(["read_pots", "read_shelf"]);
  await expect(call("break_pot")).rejects.toThrow("Unknown tool");
  const other = policyFile({ default: "allow", rules: [] });
  ask({ policy: other });
  expect(await list()).toHaveLength(4);
  ask({ policy: other, profile: "strict" });
  ask({ policy: "relative.json" });
  expect(await list()).toHaveLength(4);
  expect(told.filter((type) => type === "tools_list_changed")).toHaveLength(2);
  const changes = records().filter(({ what }) => what === "profile");
  expect(changes.map(({ before, after }) => [before, after])).toEqual([
    [expect.stringMatching(/^policy\.json sha256-[0-9a-f]{16}$/), expect.stringMatching(/^policy\.json sha256-/)],
    [expect.stringMatching(/^policy\.json sha256-/), expect.stringMatching(/^policy\.json sha256-/)],
  ]);
});

describe("calls in the audit", () => {
  const audited = (level: "calls" | "calls+inputs digest"): Policy => ({
    default: "deny",
    rules: [{ ...rule, audit: level }],
  });

  test.each(["calls", "calls+inputs digest"] as const)(
    "%s: a record each, before it runs, without its input",
    async (level) => {
      const { call, ran, release, records } = operated(audited(level));
      const running = call("write_pot");
      await expect.poll(() => ran).toHaveLength(1);
      const [record, ...more] = records().filter(({ what }) => what === "call");
      expect(more).toEqual([]);
      expect(record).toMatchObject({
        who: "caller ada",
        name: "write_pot",
        outcome: "applied",
        after: { rule: "all" },
      });
      expect("inputs" in record.after).toBe(level === "calls+inputs digest");
      release();
      await running;
    },
  );

  test("while the audit cannot be written, what changes something does not run, and what reads does", async () => {
    const { call, ran, release, audit, records, ask } = operated(audited("calls"));
    release();
    renameSync(audit, `${audit}.away`);
    await expect(call("write_pot")).rejects.toThrow("its record cannot be written");
    await call("read_pots");
    expect(ran).toEqual(["read_pots ada"]);
    ask({ profile: "local" });
    renameSync(`${audit}.away`, audit);
    await call("write_pot");
    expect(records().map(({ what, name, outcome }) => [what, name, outcome])).toEqual(
      expect.arrayContaining([
        ["call", "write_pot", "refused"],
        ["call", "read_pots", "applied"],
        ["profile", undefined, "refused"],
      ]),
    );
  });
});

test("what one caller may see is private: no cache that others share keeps it", async () => {
  const { app, ask } = operated();
  const read = app.methods.get("resources/read") as NonNullable<ReturnType<typeof app.methods.get>>;
  const scopes = async () => [
    app.freshness["tools/list"]?.cacheScope,
    ((await read({ uri: "pots://shelf" }, quietWire())) as { cacheScope?: string }).cacheScope,
  ];
  expect(await scopes()).toEqual(["public", "public"]);
  ask({ profile: "standard" });
  expect(await scopes()).toEqual(["private", "private"]);
  ask({});
  expect(await scopes()).toEqual(["public", "public"]);
});
