import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openNotes } from "../../src/domain/notes.ts";
import { migrations, schemaVersion } from "../../src/domain/store/migrations.ts";
import { databaseName } from "../../src/domain/store/open.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { fillLists } from "../fixtures/lists.ts";
import { written } from "../fixtures/written.ts";

/** A database that the first release wrote. */
const first = () => written(1);

test("the notes of the first release are all there, found by what this one looks for", async () => {
  const data = await first();
  const notes = await openNotes({ store: "sqlite", data });
  expect(await notes.get("n1")).toMatchObject({
    title: "Shopping",
    body: "milk and bread [[Plan]]\n",
    folder: "",
    version: 2,
  });
  expect((await notes.get("n1", 1)).body).toBe("milk [[Plan]]\n");
  expect((await notes.list({ trashed: true, tag: "home" })).notes).toMatchObject([{ id: "n3" }]);
  const ids = async (found: Promise<{ notes: { id: string }[] }>) => (await found).notes.map(({ id }) => id).sort();
  expect(await ids(notes.search({ query: "bread" }))).toEqual(["n1"]);
  expect(await ids(notes.search({ query: "ไทย" }))).toEqual(["n2"]);
  expect(await ids(notes.search({ query: "project" }))).toEqual(["n1"]);
  expect(await ids(notes.list({ tag: "project" }))).toEqual(["n1"]);
  expect(await ids(notes.list({ tag: "inline" }))).toEqual(["n2"]);
  expect(await ids(notes.backlinks("n1"))).toEqual(["n2"]);
  expect((await notes.tags()).tags).toContainEqual({ tag: "home", notes: 1 });
  const again = { title: "Shopping", body: "milk [[Plan]]\n", tags: ["home", "project/x"], idempotency_key: "k" };
  // The key of the first release is a week old by now, or it still answers: no second id is given for it within the week.
  expect((await notes.create(again)).id).toMatch(/^n[15]$/);
  expect((await notes.restore("n3")).title).toBe("Gone");
  await notes.close();
  const db = new DatabaseSync(join(data, databaseName));
  expect(schemaVersion(db)).toBe(migrations.length);
  expect(db.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  db.close();
});

test("the words are cut again where they were cut by another Unicode", async () => {
  const data = await first();
  await (await openNotes({ store: "sqlite", data })).close();
  const db = new DatabaseSync(join(data, databaseName));
  db.exec(
    "UPDATE state SET value = '1 Unicode 1.1' WHERE name = 'index'; INSERT INTO words (words) VALUES ('delete-all')",
  );
  db.close();
  const notes = await openNotes({ store: "sqlite", data });
  expect((await notes.search({ query: "bread" })).notes).toMatchObject([{ id: "n1" }]);
  await notes.close();
});

test("the notes of the release before owners are the common ones, and no owner's", async () => {
  const data = await written(2);
  const notes = await openNotes({ store: "sqlite", data });
  expect((await notes.list({ sort: "created_asc" })).notes.map(({ id, folder }) => [id, folder])).toEqual([
    ["n1", "lists"],
    ["n2", "projects/2026"],
    ["n4", ""],
  ]);
  expect((await notes.folders()).folders).toEqual([
    { folder: "", notes: 1 },
    { folder: "lists", notes: 1 },
    { folder: "projects/2026", notes: 1 },
  ]);
  expect((await notes.list({ trashed: true, sort: "title_asc" })).notes).toMatchObject([{ id: "n3" }]);
  expect((await notes.list({ updated_before: "2026-10-01T12:04:00.000Z" })).notes).toMatchObject([{ id: "n2" }]);
  expect((await notes.search({ query: "bread" })).notes).toMatchObject([{ id: "n1" }]);
  await notes.restore("n3");
  expect((await notes.folders()).folders).toContainEqual({ folder: "lists", notes: 2 });
  const alice = await notes.of("alice");
  expect((await alice.list()).notes).toEqual([]);
  expect((await alice.create({ title: "Own", body: "" })).id).toBe("n1");
  expect((await notes.create({ title: "Common", body: "" })).id).toBe("n5");
  await notes.close();
  const db = new DatabaseSync(join(data, databaseName));
  expect(schemaVersion(db)).toBe(migrations.length);
  expect(db.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  db.close();
});

test("the lists that are made from old notes are those that changes make", async () => {
  const data = await temporaryFolder();
  const notes = await openNotes({ store: "sqlite", data });
  await fillLists(notes);
  await notes.close();
  const db = new DatabaseSync(join(data, databaseName));
  const listed = "SELECT * FROM listed ORDER BY list, note";
  const made = db.prepare(listed).all();
  expect(made.map(({ list }) => list)).toEqual(expect.arrayContaining(["#a", "#a/b", "#a/", "/f", "/f/g", "/f/g/h"]));
  db.exec(`DROP TABLE listed; DROP INDEX notes_by_change; DROP INDEX idempotency_by_age; CREATE INDEX notes_by_change ON notes (seq, number) WHERE deleted_at IS NULL;
    PRAGMA user_version = 3`);
  db.close();
  await (await openNotes({ store: "sqlite", data })).close();
  const again = new DatabaseSync(join(data, databaseName));
  expect(again.prepare(listed).all()).toEqual(made);
  again.close();
});
