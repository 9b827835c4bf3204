import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createNotes, type Notes } from "../../src/domain/notes.ts";
import { createMemoryStore } from "../../src/domain/store/memory.ts";
import { openSqliteStore } from "../../src/domain/store/open.ts";
import { openPostgresStore } from "../../src/domain/store/postgres/open.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { clearSchema, emptySchema } from "../fixtures/stores.ts";

/** What the notes should be: a Map, in the plainest words. */
interface Model {
  notes: Map<number, { title: string; words: string[]; version: number; trashed: boolean }>;
  /** Note numbers by their last change. */
  order: number[];
  changes: number;
}

/** The notes under test; a restart exchanges them. */
interface Real {
  notes: Notes;
  restart: () => Promise<void>;
}

type Command = fc.AsyncCommand<Model, Real>;

const vocabulary = ["alpha", "beta", "alphabet", "Ünicode", "日本", "%_", "c++"];
const wordList = fc.array(fc.constantFrom(...vocabulary), { maxLength: 4 });
const nth = fc.nat(11);
const refused = (real: Promise<unknown>, code: string) => expect(real).rejects.toMatchObject({ code });

const command = (name: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => name,
});

function touched(model: Model, number: number) {
  model.order = [...model.order.filter((other) => other !== number), number];
  model.changes++;
}

const create = fc.tuple(fc.constantFrom("A", "B", "C"), wordList).map(([title, words]) =>
  command(`create(${title}, ${words})`, async (model, { notes }) => {
    const number = model.notes.size + 1;
    expect(await notes.create({ title, body: words.join(" ") })).toMatchObject({ id: `n${number}`, version: 1 });
    model.notes.set(number, { title, words, version: 1, trashed: false });
    touched(model, number);
  }),
);

const update = fc.tuple(nth, wordList).map(([at, words]) =>
  command(`update(n${at + 1}, ${words})`, async (model, { notes }) => {
    const note = model.notes.get(at + 1);
    const call = notes.update({ id: `n${at + 1}`, body: words.join(" ") });
    if (note === undefined || note.trashed) return refused(call, "not_found");
    if (words.join(" ") !== note.words.join(" ")) {
      Object.assign(note, { words, version: note.version + 1 });
      touched(model, at + 1);
    }
    expect(await call).toMatchObject({ version: note.version, body: words.join(" ") });
  }),
);

const remove = nth.map((at) =>
  command(`delete(n${at + 1})`, async (model, { notes }) => {
    const note = model.notes.get(at + 1);
    if (note === undefined || note.trashed) return refused(notes.remove(`n${at + 1}`), "not_found");
    await notes.remove(`n${at + 1}`);
    note.trashed = true;
    touched(model, at + 1);
  }),
);

const restore = nth.map((at) =>
  command(`restore(n${at + 1})`, async (model, { notes }) => {
    const note = model.notes.get(at + 1);
    if (note === undefined) return refused(notes.restore(`n${at + 1}`), "not_found");
    if (!note.trashed) return refused(notes.restore(`n${at + 1}`), "conflict");
    await notes.restore(`n${at + 1}`);
    note.trashed = false;
    touched(model, at + 1);
  }),
);

const search = fc.constantFrom(...vocabulary).map((word) =>
  command(`search(${word})`, async (model, { notes }) => {
    const wanted = [...model.notes].filter(
      ([, note]) => !note.trashed && note.words.some((other) => other.startsWith(word)),
    );
    const { notes: hits } = await notes.search({ query: word, limit: 50 });
    expect(hits.map(({ id }) => id).sort()).toEqual(wanted.map(([number]) => `n${number}`).sort());
  }),
);

const compare = fc.constant(
  command("compare", async (model, { notes }) => {
    const live = model.order.filter((number) => model.notes.get(number)?.trashed === false).toReversed();
    const listed = (await notes.list({ limit: 100 })).notes;
    expect(listed.map(({ id, title, version }) => [id, title, version])).toEqual(
      live.map((number) => [`n${number}`, model.notes.get(number)?.title, model.notes.get(number)?.version]),
    );
    expect((await notes.activity({ limit: 1 })).activity[0]?.sequence ?? 0).toBe(model.changes);
  }),
);

const restart = fc.constant(command("restart", (_, real) => real.restart()));

const run = (
  commands: fc.CommandsContraints,
  setup: () => Promise<Real>,
  runs: number,
  kinds: fc.Arbitrary<Command>[],
) =>
  fc.assert(
    fc.asyncProperty(fc.commands(kinds, commands), async (script) => {
      let real: Real | undefined;
      await fc.asyncModelRun(async () => {
        real = await setup();
        return { model: { notes: new Map(), order: [], changes: 0 }, real };
      }, script);
      await real?.notes.close();
    }),
    { numRuns: runs },
  );

const kinds = [create, create, update, remove, restore, search, compare];

describe("behaves like a Map through any thousand operations", () => {
  test("in memory", () =>
    run(
      { maxCommands: 100, size: "max" },
      async () => ({ notes: createNotes(createMemoryStore()), restart: async () => {} }),
      30,
      kinds,
    ));

  test("in SQLite, through restarts", async () => {
    const folder = await temporaryFolder();
    let databases = 0;
    const setup = async () => {
      const data = join(folder, String(databases++));
      const open = async () => createNotes(await openSqliteStore(data));
      const real: Real = {
        notes: await open(),
        restart: async () => {
          await real.notes.close();
          real.notes = await open();
        },
      };
      return real;
    };
    await run({ maxCommands: 100, size: "max" }, setup, 25, [...kinds, restart]);
  });

  test("in Postgres, through restarts", async () => {
    const url = await emptySchema();
    const setup = async () => {
      await clearSchema(url);
      const open = async () => createNotes(await openPostgresStore(url));
      const real: Real = {
        notes: await open(),
        restart: async () => {
          await real.notes.close();
          real.notes = await open();
        },
      };
      return real;
    };
    await run({ maxCommands: 100, size: "max" }, setup, 15, [...kinds, restart]);
  });
});
