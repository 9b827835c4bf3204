import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Notes } from "../../src/domain/notes.ts";
import { createNotes, openNotes } from "../../src/domain/notes.ts";
import { backUp } from "../../src/domain/store/backup.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { manualClock, notesOn, stores } from "../fixtures/stores.ts";

type Step = (notes: Notes) => Promise<unknown>;

const id = fc.nat(5).map((at) => `n${at + 1}`);
const word = fc.constantFrom("alpha", "beta", "alphabet", "[[A]]", "#tag", "#tag/x");
const body = fc.array(word, { maxLength: 4 }).map((words) => words.join(" "));
const title = fc.constantFrom("A", "B", "C");
const key = fc.constantFrom("k1", "k2");

/** Everything that reads or changes notes, with what could belong to someone else: ids, names, tags, keys, cursors. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(title, body, fc.option(key, { nil: undefined })).map(
    ([title, body, idempotency_key]): Step =>
      (notes) =>
        notes.create({ title, body, ...(idempotency_key !== undefined && { idempotency_key }) }),
  ),
  fc.tuple(id, title, body).map(
    ([id, title, body]): Step =>
      (notes) =>
        notes.update({ id, title, body, folder: "f" }),
  ),
  fc.tuple(id, body, key).map(
    ([id, text, idempotency_key]): Step =>
      (notes) =>
        notes.edit({ id, operation: "append", text, idempotency_key }),
  ),
  id.map(
    (id): Step =>
      (notes) =>
        notes.remove(id),
  ),
  id.map(
    (id): Step =>
      (notes) =>
        notes.restore(id),
  ),
  id.map(
    (id): Step =>
      (notes) =>
        notes.get(id),
  ),
  id.map(
    (id): Step =>
      (notes) =>
        notes.backlinks(id),
  ),
  id.map(
    (id): Step =>
      (notes) =>
        notes.revisions({ id }),
  ),
  fc.constant<Step>((notes) => notes.renameTag("tag", "other")),
  fc.constant<Step>((notes) => notes.daily({ date: "2026-11-27", text: "x" })),
  fc.constantFrom("alpha", "beta", "tag").map(
    (query): Step =>
      async (notes) =>
        (await notes.search({ query, limit: 2 })).notes,
  ),
  fc.constant<Step>(async (notes) => {
    const first = await notes.list({ limit: 1 });
    const next = await notes.list({ limit: 1, cursor: first.next_cursor });
    // A cursor is its owner's alone.
    return [first.notes, next.notes, next.next_cursor === undefined];
  }),
  fc.constant<Step>((notes) => notes.list({ trashed: true })),
  fc.constant<Step>((notes) => notes.tags()),
  fc.constant<Step>((notes) => notes.folders()),
  fc.constant<Step>((notes) => notes.orphans()),
  fc.constant<Step>((notes) => notes.brokenLinks()),
  fc.constant<Step>((notes) => notes.activity()),
);

const outcome = (answer: Promise<unknown>): Promise<unknown> =>
  answer.catch((error: { code?: string; message: string }) => [error.code, error.message]);

describe.each(stores)("in the $name store", (store) => {
  test("two owners whose calls come in any order are each as if alone", async () => {
    const owners = fc.constantFrom("", "alice", "bob");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(owners, step), { minLength: 8, maxLength: 40 }), async (script) => {
        const settings = { most: 4, now: manualClock().now };
        const together = createNotes(await store.open({ most: 4 }), settings);
        const told = new Map<string, unknown[]>();
        together.onChange((event, owner) => told.set(owner, [...(told.get(owner) ?? []), event]));
        const answers = new Map<string, unknown[]>();
        for (const [owner, run] of script) {
          const answer = await outcome(run(await together.of(owner)));
          answers.set(owner, [...(answers.get(owner) ?? []), answer]);
        }
        await together.close();
        for (const owner of answers.keys()) {
          const alone = createNotes(await store.open({ most: 4 }), settings);
          const events: unknown[] = [];
          alone.onChange((event) => events.push(event));
          const own: unknown[] = [];
          for (const [, run] of script.filter(([other]) => other === owner))
            own.push(await outcome(run(alone as Notes)));
          expect(answers.get(owner)).toEqual(own);
          expect(told.get(owner) ?? []).toEqual(events);
          await alone.close();
        }
      }),
      { numRuns: process.env.OFFSHOOT_LONG === "1" ? 200 : store.name === "memory" ? 50 : 6 },
    );
  });

  test("calls of one owner at once open its notes once, and all of them are kept", async () => {
    const notes = await notesOn(store);
    const made = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => (await notes.of("alice")).create({ title: `T${at}`, body: "" })),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(20);
    expect((await notes.list()).notes).toEqual([]);
  });

  test("owners whose names a file system takes for one are two", async () => {
    const notes = await notesOn(store);
    const names = ["a/b", "a-b", "A-b", "../a-b", "a\\b", "é", "e\u0301", "x".repeat(500), `${"x".repeat(500)}y`, "."];
    for (const name of names) await (await notes.of(name)).create({ title: name.slice(0, 100), body: "" });
    for (const name of names)
      expect((await (await notes.of(name)).list()).notes.map(({ title }) => title)).toEqual([name.slice(0, 100)]);
  });
});

test("each owner's notes are on disk apart, are there after a restart, and are in a backup", async () => {
  const folder = await temporaryFolder();
  const open = (data: string) => openNotes({ store: "sqlite", data, exchange: join(folder, "exchange") });
  let notes = await open(join(folder, "data"));
  await notes.create({ title: "common", body: "" });
  for (const owner of ["alice", "bob"]) await (await notes.of(owner)).create({ title: owner, body: "" });
  expect(await backUp(join(folder, "data"), join(folder, "backup"))).toMatchObject({ notes: 3 });
  await notes.close();
  for (const data of ["data", "backup"]) {
    notes = await open(join(folder, data));
    for (const [owner, title] of Object.entries({ "": "common", alice: "alice", bob: "bob" }))
      expect((await (await notes.of(owner)).list()).notes).toMatchObject([{ id: "n1", title }]);
    await notes.close();
  }
});

test("an export of one owner is no import of another's", async () => {
  const folder = await temporaryFolder();
  const notes = await openNotes({ store: "memory", exchange: folder });
  const alice = await notes.of("alice");
  await alice.create({ title: "secret", body: "" });
  await alice.exportFolder("out");
  await expect((await notes.of("bob")).importFolder("out")).rejects.toMatchObject({ code: "not_found" });
  await expect(notes.importFolder("out")).rejects.toMatchObject({ code: "not_found" });
  expect((await alice.importFolder("out")).unchanged).toBe(1);
  await notes.close();
});

test.each(stores)(
  "two ids that would be one in UTF-8 are nobody's, and odd ones are each their own ($name)",
  async (store) => {
    const notes = await notesOn(store);
    for (const id of ["a\ud800", "a\ud801", "\udc00", "a\0"])
      await expect(notes.of(id)).rejects.toMatchObject({ code: "refused" });
    const ids = ["..", "/", "a", "A", "é", "e\u0301", "x".repeat(10_000), "__proto__", "🦊", "a\ufffd"];
    for (const id of ids) await (await notes.of(id)).create({ title: "Own", body: "" });
    for (const id of ids) expect((await (await notes.of(id)).list()).notes).toHaveLength(1);
  },
);
