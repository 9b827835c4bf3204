import { copyFile, open, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openNotes } from "../../src/domain/notes.ts";
import { applicationId } from "../../src/domain/store/migrations.ts";
import { databaseName, openSqliteStore } from "../../src/domain/store/open.ts";
import { startChild } from "../fixtures/child.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const openAt = (data: string) => openNotes({ store: "sqlite", data });

/** A closed database with some notes in it. */
async function filled(count = 3) {
  const data = await temporaryFolder();
  const notes = await openAt(data);
  await notes.createMany(
    Array.from({ length: count }, (_, index) => ({ title: `T${index}`, body: "text ".repeat(200) })),
  );
  await notes.close();
  return { data, file: join(data, databaseName) };
}

async function expectRefused(data: string, code: string, message: RegExp) {
  const file = join(data, databaseName);
  const before = await readFile(file);
  const names = await readdir(data);
  const error = await openAt(data).catch((reason: Error) => reason);
  expect(error).toMatchObject({ name: "NotesError", code, message: expect.stringMatching(message) });
  expect(error).toMatchObject({ message: expect.not.stringContaining("\n") });
  expect((await readFile(file)).equals(before)).toBe(true);
  expect(await readdir(data)).toEqual(names);
}

test.each([
  ["text", Buffer.from("these are my notes, in a text file\n".repeat(100))],
  ["a few bytes", Buffer.from("SQLite")],
  ["zeros", Buffer.alloc(8192)],
])("refuses a file of %s and leaves it as it is", async (_, bytes) => {
  const data = await temporaryFolder();
  await writeFile(join(data, databaseName), bytes);
  await expectRefused(data, "damaged", /damaged or no database/);
});

test("refuses another application's database and leaves it as it is", async () => {
  const data = await temporaryFolder();
  const db = new DatabaseSync(join(data, databaseName));
  db.exec("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
  db.close();
  await expectRefused(data, "refused", /another application/);
});

test("refuses a newer schema and leaves it as it is", async () => {
  const { data, file } = await filled();
  const db = new DatabaseSync(file);
  db.exec("PRAGMA user_version = 99");
  db.close();
  await expectRefused(data, "refused", /schema 99.*start a newer server/);
});

test("refuses a database with a page gone", async () => {
  const { data, file } = await filled(50);
  const handle = await open(file, "r+");
  await handle.write(Buffer.alloc(4096, 0xaa), 0, 4096, 4096 * 3);
  await handle.close();
  await expectRefused(data, "damaged", /damaged/);
});

test("refuses a database cut in half", async () => {
  const { data, file } = await filled(50);
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, 4096 * Math.floor(bytes.length / 8192)));
  await expectRefused(data, "damaged", /cut short.*restore a backup/);
});

test("refuses a database that another program has locked", async () => {
  const { data, file } = await filled();
  const locker = startChild("locker.ts", [file, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"]);
  await locker.started;
  const opening = openSqliteStore(data, { budgetMs: 300 });
  await expect(opening).rejects.toMatchObject({ code: "busy", message: expect.stringMatching(/another process/) });
  await locker.kill();
  await (await openAt(data)).close();
});

test("tells a damaged note from the sound ones", async () => {
  const { data, file } = await filled();
  const db = new DatabaseSync(file);
  db.exec("UPDATE notes SET body = CAST(replace(CAST(body AS TEXT), 'text', 'test') AS BLOB) WHERE number = 2");
  db.close();
  const notes = await openAt(data);
  await expect(notes.get("n2")).rejects.toMatchObject({
    code: "damaged",
    message: expect.stringMatching(/^Note n2 is damaged/),
  });
  await expect(notes.update({ id: "n2", title: "x" })).rejects.toMatchObject({ code: "damaged" });
  expect((await notes.get("n1")).title).toBe("T0");
  expect((await notes.list()).notes).toHaveLength(3);
  await notes.close();
});

test("a first start leaves one file that is whole, and what a killed one left goes", async () => {
  const data = await temporaryFolder();
  const left = join(data, `${databaseName}.new-1-1`);
  await writeFile(left, "half");
  await utimes(left, 1, 1);
  await (await openAt(data)).close();
  expect(await readdir(data)).toEqual([databaseName]);
  const db = new DatabaseSync(join(data, databaseName));
  expect(db.prepare("PRAGMA application_id").get()).toEqual({ application_id: applicationId });
  db.close();
});

test("reads the log that a killed server left", async () => {
  const { data } = await filled();
  const notes = await openAt(data);
  await notes.create({ title: "in the log", body: "" });
  const copy = await temporaryFolder();
  for (const name of [databaseName, `${databaseName}-wal`]) await copyFile(join(data, name), join(copy, name));
  await notes.close();
  const reopened = await openAt(copy);
  expect((await reopened.get("n4")).title).toBe("in the log");
  await reopened.close();
});

/** A rollback journal as SQLite writes it, with one page to be put back. */
function journalOf(pages: number, number: number, page: Buffer): Buffer {
  const journal = Buffer.alloc(512 + 8 + page.length);
  journal.write("d9d505f920a163d7", 0, "hex");
  for (const [at, value] of [1, 7, pages, 512, page.length].entries()) journal.writeUInt32BE(value, 8 + 4 * at);
  journal.writeUInt32BE(number, 512);
  page.copy(journal, 516);
  let sum = 7;
  for (let at = page.length - 200; at > 0; at -= 200) sum += page[at] ?? 0;
  journal.writeUInt32BE(sum, 516 + page.length);
  return journal;
}

test("a journal that would change the database before it is looked at is refused, and one of a first start is not", async () => {
  const { data, file } = await filled();
  const whole = await readFile(file);
  const [first, pages] = [whole.subarray(0, 4096), whole.length / 4096];
  const foreign = [
    ["of another database", journalOf(pages, 2, Buffer.alloc(4096, 7))],
    ["of another first page", journalOf(pages, 1, Buffer.alloc(4096, 7))],
    ["of a shorter time", journalOf(pages - 1, 1, first)],
  ] as const;
  for (const [, journal] of foreign) {
    await writeFile(`${file}-journal`, journal);
    await expectRefused(data, "damaged", /-journal belongs to another database/);
  }
  const before = Buffer.from(first);
  before.fill(1, 18, 20);
  await writeFile(`${file}-journal`, journalOf(pages, 1, before));
  const notes = await openAt(data);
  expect((await notes.list()).notes).toHaveLength(3);
  await notes.close();
});
