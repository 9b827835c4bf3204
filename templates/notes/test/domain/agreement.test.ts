import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createNotes, type Notes } from "../../src/domain/notes.ts";
import { createMemoryStore } from "../../src/domain/store/memory.ts";
import { databaseName, openSqliteStore } from "../../src/domain/store/open.ts";
import { openPostgresStore } from "../../src/domain/store/postgres/open.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { clearSchema, emptySchema, manualClock, notesOn, stores } from "../fixtures/stores.ts";

// Everything that two engines could take for different words.
const characters = [
  ..."aAbßσςΣ1½日本ーかがก한_-+'’\"(.\\%x\n\0\u200d👩🏽\ufe0f\uff21ⅷİǆ",
  "ab",
  "é",
  "e\u0301",
  "ss",
  " ",
  " ",
  " ",
];
const piece = fc.constantFrom(...characters);
const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 8 }) },
);

/** Some texts, and a query that is part of one of them. */
const search = fc
  .tuple(fc.array(text, { minLength: 1, maxLength: 4 }), fc.nat(3), fc.nat(11), fc.integer({ min: 1, max: 4 }))
  .map(([bodies, which, from, length]) => {
    const source = [...(bodies[which % bodies.length] ?? "")];
    const start = from % source.length;
    return { bodies, query: source.slice(start, start + length).join("") };
  });

async function find(notes: Notes, query: string): Promise<string[]> {
  const { notes: hits } = await notes.search({ query, limit: 50 });
  return hits.map(({ id }) => id).sort();
}

test("all stores find the same notes for any query over any text", async () => {
  const all = await Promise.all(stores.map((store) => notesOn(store)));
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(search, async ({ bodies, query }) => {
      for (const notes of all) {
        const { notes: old } = await notes.list({ limit: 100 });
        for (const { id } of old) await notes.remove(id);
        await notes.createMany(bodies.map((body) => ({ title: "T", body })));
      }
      const [first, ...others] = await Promise.allSettled(all.map((notes) => find(notes, query)));
      for (const other of others) expect(other).toEqual(first);
      if (first?.status === "fulfilled") hits += first.value.length;
    }),
    { numRuns: process.env.OFFSHOOT_LONG === "1" ? 2_000 : 150 },
  );
  // A property that finds nothing proves nothing.
  expect(hits).toBeGreaterThan(100);
});

const folders = ["", "a", "a/b", "a/b/c", "ab"];
const tags = ["x", "x/y", "X/y/z", "x/", "xy", "z"];
const draft = fc.record({
  title: fc.constantFrom("A", "a", "B", "é"),
  folder: fc.constantFrom(...folders),
  tags: fc.uniqueArray(fc.constantFrom(...tags), { maxLength: 2 }),
  body: fc.constantFrom("word", "word word", "[[A]]", "[[B]] [[none]]", ""),
});
const listing = fc.record(
  {
    tag: fc.constantFrom("x", "x/y", "X/Y/Z", "z", "absent"),
    folder: fc.constantFrom("a", "a/b"),
    updated_after: fc.constantFrom("2026-01-01T12:00:05.000Z", "2026-01-01T12:00:20.000Z"),
    updated_before: fc.constantFrom("2026-01-01T12:00:10.000Z", "2026-01-01T12:00:25.000Z"),
    sort: fc.constantFrom("updated_desc", "updated_asc", "created_desc", "created_asc", "title_asc"),
    trashed: fc.boolean(),
  },
  { requiredKeys: [] },
);

type Found = Record<"notes" | "links", object[]>;

/** Every page of a listing, one after another. */
async function pages<Page extends { next_cursor?: string }>(page: (cursor: string | undefined) => Promise<Page>) {
  const all: unknown[] = [];
  for (let cursor: string | undefined, count = 0; count < 100; count++) {
    const { next_cursor, ...found } = await page(cursor);
    all.push(found);
    if (next_cursor === undefined) return all;
    cursor = next_cursor;
  }
  throw new Error("pages without end");
}

test("all stores list the same pages, however few notes are looked at in a turn", async () => {
  let found = 0;
  const url = await emptySchema();
  await fc.assert(
    fc.asyncProperty(
      fc.array(draft, { minLength: 5, maxLength: 30 }),
      fc.array(fc.nat(29), { maxLength: 12 }),
      fc.array(listing, { minLength: 4, maxLength: 8 }),
      async (drafts, changed, listings) => {
        const clock = manualClock();
        await clearSchema(url);
        const all = [
          createNotes(createMemoryStore(), clock),
          createNotes(await openSqliteStore(await temporaryFolder(), { slice: 4 }), clock),
          createNotes(await openPostgresStore(url, { looked: 3 }), clock),
        ];
        for (const one of drafts) {
          clock.advance(1_000);
          for (const notes of all) await notes.create(one);
        }
        for (const at of changed) {
          clock.advance(1_000);
          for (const notes of all) {
            const id = `n${(at % drafts.length) + 1}`;
            if (at % 4 === 0) await notes.remove(id).catch(() => {});
            else if (at % 4 === 1) await notes.update({ id, folder: "a/moved" }).catch(() => {});
            else if (at % 4 === 2) await notes.update({ id, tags: ["x/y", "new"] }).catch(() => {});
            else await notes.restore(id).catch(() => {});
          }
        }
        const same = async (ask: (notes: Notes) => Promise<unknown[]>) => {
          const [one, ...others] = await Promise.all(all.map((notes) => ask(notes)));
          for (const other of others) expect(other).toEqual(one);
          found += JSON.stringify(one).split('"id"').length - 1;
        };
        for (const query of listings)
          await same((notes) => pages((cursor) => notes.list({ ...query, limit: 3, cursor })));
        // Pages of these end where enough was looked at: what all of them hold is the same.
        await same(async (notes) =>
          (await pages((cursor) => notes.orphans({ limit: 2, cursor }))).flatMap((page) => (page as Found).notes),
        );
        await same(async (notes) =>
          (await pages((cursor) => notes.brokenLinks({ limit: 2, cursor }))).flatMap((page) => (page as Found).links),
        );
        await same((notes) => pages((cursor) => notes.folders({ limit: 2, cursor })));
        for (const tag of [undefined, "x", "x/y"])
          await same(async (notes) =>
            (await pages((cursor) => notes.search({ query: "word", tag, limit: 2, cursor })))
              .flatMap((page) => (page as { notes: { id: string }[] }).notes.map(({ id }) => id))
              .sort(),
          );
        for (const notes of all) await notes.close();
      },
    ),
    { numRuns: process.env.OFFSHOOT_LONG === "1" ? 300 : 25 },
  );
  expect(found).toBeGreaterThan(100);
});

test("a search has the order of SQLite's own ranks, the newest first of those with the same, in however many turns", {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder();
  const notes = createNotes(await openSqliteStore(folder, { slice: 1 }));
  const raw = new DatabaseSync(join(folder, databaseName), { readOnly: true });
  const ranked = raw.prepare(
    "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 10, 1, 1, 10), rowid DESC",
  );
  const tagged = new Set<string>();
  const body = fc
    .array(fc.constantFrom("word", "word", "x", "y", "+ -"), { maxLength: 4 })
    .map((words) => words.join(" "));
  await fc.assert(
    fc.asyncProperty(fc.array(body, { minLength: 20, maxLength: 50 }), fc.nat(60), async (bodies, which) => {
      const drafts = bodies.map((body, at) => ({
        title: at === which ? "word" : "t",
        body,
        tags: at % 3 === 0 ? ["z"] : [],
      }));
      const created = await notes.createMany(drafts);
      for (const [at, one] of created.entries()) if (at % 3 === 0 && "note" in one) tagged.add(one.note.id);
      for (const [query, match] of [
        ["word", '{title body tags} : "word" *'],
        ["x", '{title body tags} : "x"'],
        ["word y", '({title body tags} : "word" *) AND ({title body tags} : "y")'],
        ["-", '{signs} : "\uff0d"'],
      ] as const) {
        const wanted = ranked.all(match).map(({ rowid }) => `n${rowid}`);
        const { notes: found } = await notes.search({ query, limit: 20 });
        expect(found.map(({ id }) => id)).toEqual(wanted.slice(0, 20));
        const { notes: those } = await notes.search({ query, limit: 20, tag: "z" });
        expect(those.map(({ id }) => id)).toEqual(wanted.filter((id) => tagged.has(id)).slice(0, 20));
      }
    }),
    { numRuns: 30 },
  );
  expect((await notes.search({ query: "x" })).notes).not.toEqual([]);
  raw.close();
  await notes.close();
});

test("a search that is ranked in several turns finds every note once, best first", async () => {
  const notes = createNotes(await openSqliteStore(await temporaryFolder(), { slice: 40 }));
  for (let batch = 0; batch < 8; batch++)
    await notes.createMany(
      Array.from({ length: 80 }, (_, at) => ({ title: at % 20 === 0 ? "word" : "other", body: "word" })),
    );
  const found = (await pages((cursor) => notes.search({ query: "word", limit: 50, cursor }))).flatMap(
    (page) => (page as { notes: { id: string; title: string }[] }).notes,
  );
  expect(found.slice(0, 32).map(({ title }) => title)).toEqual(Array(32).fill("word"));
  expect(new Set(found.map(({ id }) => id)).size).toBe(640);
  expect(found).toHaveLength(640);
  await notes.close();
});

test("a search knows what was changed before it, whichever others are going on, and ends with its store", async () => {
  const notes = createNotes(await openSqliteStore(await temporaryFolder(), { slice: 1 }));
  for (let batch = 0; batch < 8; batch++)
    await notes.createMany(Array.from({ length: 80 }, () => ({ title: "other", body: "word" })));
  const best = async (query: string) => (await notes.search({ query, limit: 1 })).notes[0]?.id;
  const before = best("word");
  await notes.update({ id: "n2", title: "word" });
  const after = best("word");
  const last = [best("word"), best("wor")];
  expect(await after).toBe("n2");
  expect(["n2", "n640"]).toContain(await before);
  expect(await Promise.all(last)).toEqual(["n2", "n2"]);
  const closed = best("wo");
  await notes.close();
  await expect(closed).rejects.toThrow(/closed/);
});
