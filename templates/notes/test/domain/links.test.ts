import fc from "fast-check";
import { expect, test } from "vitest";
import type { Draft } from "../../src/domain/create.ts";
import { createNotes, type Notes } from "../../src/domain/notes.ts";
import { createMemoryStore } from "../../src/domain/store/memory.ts";
import { openSqliteStore } from "../../src/domain/store/open.ts";
import { openPostgresStore } from "../../src/domain/store/postgres/open.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { clearSchema, emptySchema } from "../fixtures/stores.ts";

const name = fc.constantFrom("A", "a", "B", "n1", "N2", "A/B", "C#", "e\u0301", "É", "x.md");
const folder = fc.constantFrom("", "x", "x/y", "Y", "x/x");
const target = fc.oneof(
  name,
  fc.tuple(folder, name).map(([inside, one]) => `${inside}/${one}`),
  fc.tuple(fc.constantFrom("./", "../", "x/../"), name).map(([before, one]) => before + one),
  fc.constantFrom("n1", "n2", "n3", "missing"),
);
const link = fc
  .tuple(target, fc.constantFrom("", "#Part", "|label", "#Part|label"))
  .map(([one, rest]) => (one.includes("#") ? `[[${one}]]` : `[[${one}${rest}]]`));
const draft: fc.Arbitrary<Draft> = fc
  .record({ title: name, folder, links: fc.array(link, { maxLength: 4 }), alias: fc.option(name), file: fc.boolean() })
  .map(({ title, folder, links, alias, file }) => ({
    title,
    folder,
    body: `${links.join(" and ")} [x](${encodeURI(title.replace("#", ""))}.md)`,
    ...(alias !== null && { front: `---\naliases: ["${alias}"]\n---\n` }),
    ...(file && { file: `${title.replace("/", "-")}.md` }),
  }));

/** Where every link of every note leads, and what is said about links as a whole. */
async function linksOf(notes: Notes, count: number) {
  const ids = Array.from({ length: count }, (_, at) => `n${at + 1}`);
  const outgoing = await Promise.all(ids.map((id) => notes.outgoingLinks(id, { limit: 100 })));
  const backlinks = await Promise.all(ids.map((id) => notes.backlinks(id, { limit: 100 })));
  return {
    outgoing: outgoing.map(({ links }) => links),
    backlinks: backlinks.map(({ notes: from }) => from.map(({ id }) => id)),
    orphans: (await notes.orphans({ limit: 100 })).notes.map(({ id }) => id),
    broken: (await notes.brokenLinks({ limit: 100 })).links,
  };
}

test("all stores lead every link to the same note, and agree with what the note itself says", async () => {
  let resolved = 0;
  const url = await emptySchema();
  await fc.assert(
    fc.asyncProperty(fc.array(draft, { minLength: 1, maxLength: 6 }), async (drafts) => {
      const stores = [
        createNotes(createMemoryStore()),
        createNotes(await openSqliteStore(await temporaryFolder())),
        createNotes(await openPostgresStore(url)),
      ];
      const [memory, ...others] = await Promise.all(
        stores.map(async (notes) => {
          for (const one of drafts) await notes.create(one);
          const links = await linksOf(notes, drafts.length);
          await notes.close();
          return links;
        }),
      );
      await clearSchema(url);
      for (const other of others) expect(other).toEqual(memory);
      for (const [at, links] of (memory?.outgoing ?? []).entries()) {
        for (const { id } of links) {
          if (id === null || id === `n${at + 1}`) continue;
          resolved++;
          expect(memory?.backlinks[Number(id.slice(1)) - 1]).toContain(`n${at + 1}`);
          expect(memory?.orphans).not.toContain(id);
        }
      }
    }),
    { numRuns: process.env.OFFSHOOT_LONG === "1" ? 300 : 40 },
  );
  expect(resolved).toBeGreaterThan(50);
});

test("links lead to the same notes after one of them is renamed or moved", async () => {
  const change = fc.record({ at: fc.nat(5), title: fc.option(name), folder: fc.option(folder) });
  await fc.assert(
    fc.asyncProperty(fc.array(draft, { minLength: 2, maxLength: 6 }), change, async (drafts, { at, title, folder }) => {
      const notes = createNotes(createMemoryStore());
      for (const one of drafts) await notes.create(one);
      // Where a file has the name of an id, that id is no way to link to a note.
      fc.pre(!drafts.some((one) => one.file && /^n\d/i.test(one.file)));
      const id = `n${(at % drafts.length) + 1}`;
      const leadingTo = async () => (await notes.backlinks(id, { limit: 100 })).notes.map((note) => note.id);
      const before = await leadingTo();
      fc.pre(title !== null || folder !== null);
      await notes.update({ id, ...(title !== null && { title }), ...(folder !== null && { folder }) });
      expect(await leadingTo()).toEqual(expect.arrayContaining(before));
    }),
    { numRuns: 300 },
  );
});
