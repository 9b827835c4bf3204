// A database that stops answering at any message, as a machine that has vanished or a process that stands still does.
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createNotes } from "../../../src/domain/notes.ts";
import { openPostgresStore, type PostgresOptions } from "../../../src/domain/store/postgres/open.ts";
import { startProxy } from "../../fixtures/postgres/proxy.ts";
import { startPostgres } from "../../fixtures/postgres/server.ts";
import { emptySchema } from "../../fixtures/stores.ts";

const limits = { connections: 2, budgetMs: 300, statementMs: 400, pollMs: 100 };
/** Where what is waited for comes, also on a busy machine. */
const patient = { ...limits, budgetMs: 2_000, statementMs: 2_000 };
/** Every wait here has an end well before. A hang has none. */
const HANG_MS = 30_000;

const settled = <T>(what: Promise<T>): Promise<T> => {
  const { promise: hang, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it hangs")), HANG_MS);
  return Promise.race([what, hang]).finally(() => clearTimeout(timer));
};

/** A server's life. What fails is told; what hangs fails the test. */
async function live(
  url: string,
  within: PostgresOptions = limits,
): Promise<{ acknowledged: boolean; reached: boolean }> {
  const outcome = { acknowledged: false, reached: false };
  const store = await settled(openPostgresStore(url, within)).catch((error) => {
    expect(error).toMatchObject({ name: "NotesError" });
    return undefined;
  });
  if (store === undefined) return outcome;
  outcome.reached = true;
  const notes = createNotes(store);
  const told = async (what: Promise<unknown>, aborted = false): Promise<boolean> =>
    settled(what).then(
      () => true,
      (error) => {
        if (!aborted) expect(error).toMatchObject({ name: "NotesError" });
        else expect(error.message).not.toBe("it hangs");
        return false;
      },
    );
  try {
    notes.onChange(() => {});
    outcome.acknowledged = await told(notes.create({ title: "A", body: "word", idempotency_key: "k" }));
    await told(notes.search({ query: "word" }));
    await told(notes.create({ title: "B", body: "" }, { signal: AbortSignal.timeout(5) }), true);
    await told(notes.list());
    await settled(notes.problem());
  } finally {
    await settled(notes.close());
  }
  return outcome;
}

/** How many messages such a life has, each way. */
async function count(url: string): Promise<number> {
  const proxy = await startProxy(url);
  await live(proxy.url, patient);
  await proxy.close();
  return proxy.messages();
}

test("no call, no start and no end waits without a limit, whichever message a database falls silent at", {
  timeout: 600_000,
}, async () => {
  const url = await emptySchema();
  await (await openPostgresStore(url)).close(); // makes the tables
  const whole = await count(url);
  expect(whole).toBeGreaterThan(60);
  const step = process.env.OFFSHOOT_LONG === "1" ? 1 : 43;
  const faults = ["stall", "half-close", "cut", "freeze"] as const;
  const cases = faults.flatMap((fault, at) =>
    Array.from({ length: Math.ceil(whole / step) }, (_, n) => ({ fault, message: n * step + 1 + (at % step) })),
  );
  const run = async ({ fault, message }: (typeof cases)[number]): Promise<void> => {
    const own = await emptySchema();
    const proxy = await startProxy(own, { fault, message });
    const { acknowledged } = await live(proxy.url);
    await proxy.close();
    // The line is whole again: what was acknowledged is there, and what was not is done once by its key.
    const notes = createNotes(await openPostgresStore(own));
    const again = await notes.create({ title: "A", body: "word", idempotency_key: "k" });
    const { notes: all } = await notes.list({ limit: 100 });
    expect([fault, message, all.filter(({ title }) => title === "A").length]).toEqual([fault, message, 1]);
    if (acknowledged) expect(all.map(({ id }) => id)).toContain(again.id);
    await notes.close();
  };
  const left = [...cases];
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const { fault, message } = next;
      await run(next).catch((error) => {
        throw new Error(`${fault} at message ${message}`, { cause: error });
      });
    }
  };
  const failed = (await Promise.allSettled(Array.from({ length: 8 }, worker))).flatMap((one) =>
    one.status === "rejected" ? [`${one.reason.message}: ${one.reason.cause?.message}`] : [],
  );
  expect(failed).toEqual([]);
});

test("a database that stands still is no start without an end, and an abort and a stop do not wait for it", async () => {
  const server = await startPostgres();
  onTestFinished(() => server.stop());
  const notes = createNotes(await openPostgresStore(server.url, patient));
  await notes.create({ title: "A", body: "" });
  notes.onChange(() => {});
  server.freeze();
  const stop = new AbortController();
  const created = notes.create({ title: "B", body: "" }, { signal: stop.signal });
  const failed = expect(settled(created)).rejects.not.toThrow("it hangs");
  await pause(20);
  stop.abort();
  await failed;
  await expect(settled(notes.get("n1"))).rejects.toMatchObject({ code: "storage" });
  await expect(settled(openPostgresStore(server.url, limits))).rejects.toMatchObject({ code: "storage" });
  expect(await settled(notes.problem())).toContain("does not answer");
  server.thaw();
  await expect.poll(() => notes.get("n1").then(({ title }) => title, String)).toBe("A");
  server.freeze();
  await settled(notes.close());
  server.thaw();
});
