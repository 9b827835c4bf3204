import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createNotes } from "../../../src/domain/notes.ts";
import { openPostgresStore } from "../../../src/domain/store/postgres/open.ts";
import { startChild } from "../../fixtures/child.ts";
import { type PostgresServer, startPostgres } from "../../fixtures/postgres/server.ts";

const long = process.env.OFFSHOOT_LONG === "1";

describe("a database that crashes", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const open = async (options = {}) => {
    const notes = createNotes(await openPostgresStore(server.url, options));
    onTestFinished(() => notes.close());
    return notes;
  };

  test("loses nothing that was acknowledged, and does nothing twice, however it and its clients are killed", async () => {
    const notes = await open();
    await notes.create({ title: "Lines", body: "" });
    const acknowledged: string[] = [];
    for (let round = 0; round < (long ? 10 : 3); round++) {
      const writers = ["a", "b"].map((name) =>
        startChild("keyed-writer.ts", [server.url, `${name}${round}`, "0", "3"]),
      );
      await Promise.all(writers.map(({ started }) => started));
      await pause(100 + Math.random() * 200);
      await server.kill();
      await pause(Math.random() * 200);
      await server.start();
      // They go on by themselves: each of them has more to say than before.
      const before = writers.map(({ lines }) => lines().length);
      await expect.poll(() => writers.every(({ lines }, at) => lines().length > (before[at] ?? 0))).toBe(true);
      await writers[0]?.kill();
      await Promise.all(writers.map(({ kill }) => kill()));
      for (const { lines, stderr } of writers) {
        acknowledged.push(...lines());
        expect(stderr()).toBe("");
      }
    }
    expect(acknowledged.length).toBeGreaterThan(20);
    const titles: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await notes.list({ limit: 100, cursor });
      titles.push(...page.notes.map(({ title }) => title));
      cursor = "next_cursor" in page ? page.next_cursor : undefined;
    }
    const written = [
      ...titles.filter((title) => title !== "Lines"),
      ...(await notes.get("n1")).body.split("\n").filter(Boolean),
    ];
    expect(new Set(written).size).toBe(written.length);
    expect(written).toEqual(expect.arrayContaining(acknowledged));
    // What nobody was told of: at most the last call of each writer of each round.
    expect(written.length - acknowledged.length).toBeLessThanOrEqual(6 * (long ? 10 : 3));
    const { activity } = await notes.activity({ limit: 1 });
    expect(activity[0]?.sequence).toBe(written.length + 1);
  });

  test("a listener hears of every change once, through a crash", async () => {
    const listener = await open({ pollMs: 3_600_000 });
    const heard: string[] = [];
    listener.onChange(({ id, type }) => heard.push(`${id} ${type}`));
    const writer = await open();
    const made: string[] = [];
    for (let number = 0; number < 30; number++) {
      if (number === 10) {
        await server.kill();
        await server.start();
      }
      const { id } = await writer.create({ title: "A", body: "", idempotency_key: `heard ${number}` });
      made.push(`${id} created`);
    }
    await expect.poll(() => heard).toEqual(made);
  });

  test("a call that comes while it is away waits for it; one that comes before a long absence is refused", async () => {
    const notes = await open();
    const { id } = await notes.create({ title: "A", body: "" });
    await server.kill();
    // All instances share it: taking each of them out would help nobody.
    expect(await notes.problem()).toBeUndefined();
    const waiting = notes.get(id);
    await server.start();
    expect((await waiting).title).toBe("A");
    const impatient = await open({ budgetMs: 2_000 });
    await server.kill();
    await expect(impatient.get(id)).rejects.toMatchObject({ code: "storage" });
    await expect(impatient.create({ title: "B", body: "" })).rejects.toMatchObject({ code: "storage" });
    await expect.poll(() => impatient.problem()).toContain("cannot be reached");
    await server.start();
    await expect.poll(() => impatient.problem()).toBeUndefined();
  });
});
