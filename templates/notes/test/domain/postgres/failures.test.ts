import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectClient } from "@offshoot/core/testing";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { createNotes, type Notes } from "../../../src/domain/notes.ts";
import { openPostgresStore, type PostgresOptions } from "../../../src/domain/store/postgres/open.ts";
import { notesServer } from "../../../src/server.ts";
import { emptySchema } from "../../fixtures/stores.ts";

async function open(url: string, options: PostgresOptions = {}): Promise<Notes> {
  const notes = createNotes(await openPostgresStore(url, options));
  onTestFinished(() => notes.close());
  return notes;
}

/** A connection of the test's own, which sees and does what an administrator would. */
async function administer(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end().catch(() => {}));
  const query = async (text: string) => (await client.query(text)).rows;
  return {
    query,
    lock: () => client.query("BEGIN; SELECT * FROM owners FOR UPDATE"),
    unlock: () => client.query("ROLLBACK"),
    /** Processes of the server that wait for the lock of this connection. */
    async waiting() {
      // Within a transaction it shows who was connected when it was first asked: never a connection that came later.
      await query("SELECT pg_stat_clear_snapshot()");
      const blocked =
        "SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)) AND application_name = 'offshoot-notes'";
      return (await query(blocked)).map(({ pid }) => pid);
    },
  };
}

describe("a change that waits for another one", () => {
  test("is done once, when the server ends its connection in the middle", async () => {
    const url = await emptySchema();
    const [notes, admin] = [await open(url), await administer(url)];
    await admin.lock();
    const created = notes.create({ title: "A", body: "" });
    await expect.poll(admin.waiting).toHaveLength(1);
    for (const pid of await admin.waiting()) await admin.query(`SELECT pg_terminate_backend(${pid})`);
    await admin.unlock();
    expect((await created).id).toBe("n1");
    expect((await notes.activity()).activity).toHaveLength(1);
  });

  test("is told that the database is busy, past the time for a lock", async () => {
    const url = await emptySchema();
    const [notes, admin] = [await open(url, { budgetMs: 2_000 }), await administer(url)];
    await admin.lock();
    await expect(notes.create({ title: "A", body: "" })).rejects.toMatchObject({ code: "busy" });
    await admin.unlock();
    expect((await notes.create({ title: "A", body: "" })).id).toBe("n1");
  });

  test("is told so past the time for a statement too, and its connection is of use afterwards", async () => {
    const url = await emptySchema();
    const [notes, admin] = [await open(url, { statementMs: 2_000, connections: 1 }), await administer(url)];
    await admin.lock();
    await expect(notes.create({ title: "A", body: "" })).rejects.toMatchObject({ code: "busy" });
    await admin.unlock();
    expect((await notes.create({ title: "A", body: "" })).id).toBe("n1");
  });

  test("is ended on the server when its caller gives up, and changes nothing", async () => {
    const url = await emptySchema();
    const [notes, admin] = [await open(url), await administer(url)];
    await admin.lock();
    const stop = new AbortController();
    const created = notes.create({ title: "A", body: "" }, { signal: stop.signal });
    const failed = expect(created).rejects.toThrow(/abort/i);
    await expect.poll(admin.waiting).toHaveLength(1);
    stop.abort();
    await failed;
    await expect.poll(admin.waiting).toEqual([]);
    await admin.unlock();
    expect((await notes.list()).notes).toEqual([]);
    expect((await notes.create({ title: "B", body: "" })).id).toBe("n1");
  });

  test("keeps the only connection, and others are told that all are in use", async () => {
    const url = await emptySchema();
    const [notes, admin] = [await open(url, { connections: 1, budgetMs: 2_000 }), await administer(url)];
    await notes.create({ title: "A", body: "" });
    await admin.lock();
    const [created, ...read] = await Promise.allSettled([
      notes.create({ title: "B", body: "" }),
      ...Array.from({ length: 5 }, () => notes.get("n1")),
    ]);
    await admin.unlock();
    expect(created).toMatchObject({ status: "rejected", reason: { code: "busy" } });
    for (const result of read) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "busy" });
    expect((await notes.get("n1")).title).toBe("A");
  });
});

describe.each(["stdio-2026", "http-2025"] as const)("over %s", (wire) => {
  test.each([
    ["list_notes", {}],
    ["search_notes", { query: "word" }],
    ["list_links", { show: "orphans" }],
    ["list_links", { show: "broken" }],
  ])("a cancelled call of %s %o ends on the server", async (tool, input) => {
    const url = await emptySchema();
    const endless = { budgetMs: 600_000, statementMs: 600_000 };
    const [notes, admin] = [createNotes(await openPostgresStore(url, endless)), await administer(url)];
    const client = await connectClient(notesServer(notes), { wire });
    onTestFinished(() => client.close().then(() => notes.close()));
    await admin.query("BEGIN; LOCK TABLE notes, words, links IN ACCESS EXCLUSIVE MODE");
    const stop = new AbortController();
    const call = client.call(tool, input, { signal: stop.signal });
    const failed = expect(call).rejects.toThrow();
    // An answer before it waits says why it does not.
    const early = call.then(({ text }) => Promise.reject(new Error(text)));
    await Promise.race([early, expect.poll(admin.waiting).toHaveLength(1)]);
    stop.abort();
    await failed;
    await expect.poll(admin.waiting).toEqual([]);
    await admin.unlock();
    expect((await client.call("list_notes")).data.notes).toEqual([]);
  });
});

test("changes that wait for one another leave connections to those who read", async () => {
  const url = await emptySchema();
  const [notes, admin] = [await open(url, { connections: 2 }), await administer(url)];
  await notes.create({ title: "A", body: "" });
  await admin.lock();
  const waiting = Array.from({ length: 20 }, () => notes.create({ title: "B", body: "" }));
  await expect.poll(admin.waiting).toHaveLength(1);
  expect((await notes.get("n1")).title).toBe("A");
  expect(await admin.waiting()).toHaveLength(1);
  await admin.unlock();
  expect(new Set((await Promise.all(waiting)).map(({ id }) => id)).size).toBe(20);
});

describe("a connection that is lost while a change is saved", () => {
  /** Stands between the store and the server, and cuts the line at the first COMMIT: before it is sent on, behind it, or not at all. */
  async function cutting(url: string, how: "before" | "behind" | "silent"): Promise<string> {
    const { searchParams } = new URL(url);
    const [host, port] = [String(searchParams.get("host")), searchParams.get("port")];
    let cut = false;
    const proxy = createServer((near: Socket) => {
      const far = host.startsWith("/") ? connect(join(host, `.s.PGSQL.${port}`)) : connect(Number(port), host);
      for (const socket of [near, far]) socket.on("error", () => {});
      near.on("close", () => far.destroy());
      far.on("close", () => near.destroy());
      far.pipe(near);
      near.on("data", (bytes) => {
        if (cut || !bytes.includes("COMMIT")) return void far.write(bytes);
        cut = true;
        far.unpipe(near);
        if (how === "before") return void near.destroy();
        far.write(bytes);
        // In silence the line stays open, as to a machine that has vanished.
        far.on("data", () => how === "behind" && near.destroy()).resume();
      });
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    onTestFinished(() => void proxy.close());
    const through = new URL(url);
    const address = proxy.address();
    through.searchParams.set("host", "127.0.0.1");
    through.searchParams.set("port", String(typeof address === "object" ? address?.port : ""));
    return through.href;
  }

  test.each([
    ["before the server hears of it", "before"],
    ["before its answer arrives", "behind"],
    ["without a word", "silent"],
  ] as const)("%s: the outcome is called unknown, and the same key leads to one note", async (_, how) => {
    const url = await emptySchema();
    await open(url); // makes the tables
    const notes = await open(await cutting(url, how), { statementMs: 2_000 });
    const draft = { title: "A", body: "", idempotency_key: "k" };
    await expect(notes.create(draft)).rejects.toMatchObject({ code: "storage", message: /may be done or not/ });
    expect((await notes.create(draft)).id).toBe("n1");
    expect((await notes.activity()).activity).toHaveLength(1);
  });
});

test("connections that the server ended while nobody used them are made again, without a call that fails", async () => {
  const url = await emptySchema();
  const [notes, admin] = [await open(url), await administer(url)];
  await notes.create({ title: "A", body: "" });
  await Promise.all(Array.from({ length: 8 }, () => notes.get("n1")));
  for (let round = 0; round < 3; round++) {
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'offshoot-notes' AND state = 'idle'",
    );
    expect((await notes.get("n1")).title).toBe("A");
    await notes.update({ id: "n1", body: `${round}` });
  }
  expect((await notes.get("n1")).version).toBe(4);
});

test("a listener hears of what was written while its line was cut", async () => {
  const url = await emptySchema();
  const [listener, writer, admin] = [await open(url, { pollMs: 3_600_000 }), await open(url), await administer(url)];
  const heard: string[] = [];
  listener.onChange(({ id }) => heard.push(id));
  for (let number = 1; number <= 6; number++) {
    if (number % 2 === 0)
      await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
    await writer.create({ title: "A", body: "" });
  }
  await expect.poll(() => heard).toEqual(["n1", "n2", "n3", "n4", "n5", "n6"]);
});
