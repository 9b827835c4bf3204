import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { createNotes } from "../../../src/domain/notes.ts";
import { migrate } from "../../../src/domain/store/postgres/migrate.ts";
import { migrations } from "../../../src/domain/store/postgres/migrations.ts";
import { openPostgresStore } from "../../../src/domain/store/postgres/open.ts";
import { openPool } from "../../../src/domain/store/postgres/pool.ts";
import { fillLists } from "../../fixtures/lists.ts";
import { newSchema } from "../../fixtures/stores.ts";

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Takes away what the schema after the second has brought. */
const back = `
  DROP TABLE listed;
  DROP INDEX notes_by_change_and_time;
  CREATE INDEX notes_by_change ON notes (owner, seq, number) WHERE deleted_at IS NULL;
  UPDATE meta SET schema = 2;
`;

test("the lists that are made from old notes are those that changes make", async () => {
  const url = await newSchema();
  const notes = createNotes(await openPostgresStore(url));
  await fillLists(notes);
  await fillLists(await notes.of("alice"));
  await notes.close();
  const client = await connect(url);
  const listed = async () => (await client.query("SELECT * FROM listed ORDER BY owner, list, note")).rows;
  const made = await listed();
  expect(made.map(({ list }) => list)).toEqual(expect.arrayContaining(["#a", "#a/b", "#a/", "/f", "/f/g", "/f/g/h"]));
  await client.query(back);
  await (await openPostgresStore(url)).close();
  expect(await listed()).toEqual(made);
});

test("a change that an older server has begun is in what a migration makes of the notes", async () => {
  const url = await newSchema();
  const store = await openPostgresStore(url);
  await createNotes(store).create({ title: "A", body: "", folder: "f" });
  const older = await connect(url);
  await older.query(back);
  await older.query("BEGIN; SELECT FROM owners FOR UPDATE");
  const migrated = openPostgresStore(url);
  await pause(300); // it waits for the lock now, or is through where it takes none
  await older.query(`UPDATE notes SET folder = 'f/g' WHERE number = 1; COMMIT`);
  const notes = createNotes(await migrated);
  onTestFinished(() => Promise.all([notes.close(), store.close()]).then(() => {}));
  expect((await notes.list({ folder: "f/g" })).notes).toMatchObject([{ id: "n1" }]);
});

test("a migration that is cut off behind any of its statements has made nothing, and the next one makes all", async () => {
  const url = await newSchema();
  const notes = createNotes(await openPostgresStore(url));
  await fillLists(notes);
  const wanted = await notes.list({ tag: "a" });
  await notes.close();
  const client = await connect(url);
  await client.query(back);
  const statements = (migrations.at(-1) ?? "").split(";").filter((text) => text.trim() !== "");
  expect(statements.length).toBeGreaterThan(5);
  for (const at of statements.keys()) {
    const cut = `${statements.slice(0, at + 1).join(";")}; SELECT pg_terminate_backend(pg_backend_pid())`;
    const database = await openPool(url, { connections: 1, budgetMs: 500, statementMs: 5_000 });
    await expect(migrate(database, [...migrations.slice(0, -1), cut])).rejects.toMatchObject({ code: "storage" });
    await database.close();
    expect((await client.query("SELECT schema FROM meta")).rows).toEqual([{ schema: 2 }]);
    expect(
      (await client.query("SELECT FROM pg_tables WHERE tablename = 'listed' AND schemaname = current_schema()")).rows,
    ).toEqual([]);
  }
  const again = createNotes(await openPostgresStore(url));
  expect(await again.list({ tag: "a" })).toEqual(wanted);
  await again.close();
});
