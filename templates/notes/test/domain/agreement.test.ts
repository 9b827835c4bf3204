import fc from "fast-check";
import { expect, test } from "vitest";
import type { Notes } from "../../src/domain/notes.ts";
import { notesOn, stores } from "../fixtures/stores.ts";

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

test("all stores find the same notes for any query over any text", { timeout: 60_000 }, async () => {
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
    { numRuns: 400 },
  );
  // A property that finds nothing proves nothing.
  expect(hits).toBeGreaterThan(100);
});
