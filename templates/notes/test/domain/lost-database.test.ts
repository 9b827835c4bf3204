import { copyFile, cp, mkdir, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openNotes } from "../../src/domain/notes.ts";
import { backUp } from "../../src/domain/store/backup.ts";
import { migrations } from "../../src/domain/store/migrations.ts";
import { databaseName } from "../../src/domain/store/open.ts";
import { startChild } from "../fixtures/child.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const openAt = (data: string) => openNotes({ store: "sqlite", data });

/** A folder with a database in it, and another database. */
async function served() {
  const folder = await temporaryFolder();
  const [data, other] = [join(folder, "data"), join(folder, "other")];
  const notes = await openAt(data);
  for (let count = 0; count < 5; count++) await notes.create({ title: `T${count}`, body: "text ".repeat(500) });
  const stranger = await openAt(other);
  for (let count = 0; count < 20; count++) await stranger.create({ title: `S${count}`, body: "text ".repeat(500) });
  await stranger.close();
  return { folder, data, other, notes, file: join(data, databaseName) };
}
type Served = Awaited<ReturnType<typeof served>>;

/** What may happen to the files of a running server. */
const losses: Record<string, (at: Served) => Promise<unknown>> = {
  "the database removed": ({ file }) => rm(file),
  "all of its files removed": async ({ data }) => rm(data, { recursive: true }),
  "its log removed": ({ file }) => rm(`${file}-wal`),
  "its shared memory removed": ({ file }) => rm(`${file}-shm`),
  "its folder moved": ({ data, folder }) => rename(data, join(folder, "moved")),
  "its folder replaced by another": async ({ data, folder, other }) => {
    await rename(data, join(folder, "moved"));
    await rename(other, data);
  },
  "another database renamed over it": ({ file, other }) => rename(join(other, databaseName), file),
  "another database copied over it": ({ file, other }) => copyFile(join(other, databaseName), file),
  "a copy of itself in its place": async ({ file, folder }) => {
    await cp(file, join(folder, "copy"));
    await rename(join(folder, "copy"), file);
  },
  "truncated to nothing": ({ file }) => truncate(file, 0),
  "cut in half": ({ file }) => truncate(file, 8_192),
  "its log emptied": ({ file }) => truncate(`${file}-wal`, 0),
  "its log cut": ({ file }) => truncate(`${file}-wal`, 5_000),
};

describe.each(Object.entries(losses))("with %s while it serves", (_, lose) => {
  test("nothing is acknowledged that is gone at the next start", async () => {
    const at = await served();
    await lose(at);
    const made = await at.notes.create({ title: "after", body: "" }).catch((reason: Error) => reason);
    expect(made).toMatchObject({
      name: "NotesError",
      code: "storage",
      message: expect.stringMatching(/Tell the user/),
    });
    await expect(at.notes.update({ id: "n1", title: "after" })).rejects.toMatchObject({ code: "storage" });
    expect(await at.notes.problem()).toMatch(/database/);
    await at.notes.close();
  });
});

test("a folder that is moved back takes writes again", async () => {
  const { data, folder, notes } = await served();
  await rename(data, join(folder, "moved"));
  await expect(notes.create({ title: "lost", body: "" })).rejects.toMatchObject({ code: "storage" });
  await rename(join(folder, "moved"), data);
  const { id } = await notes.create({ title: "kept", body: "" });
  expect(await notes.problem()).toBeUndefined();
  await notes.close();
  const again = await openAt(data);
  expect((await again.get(id)).title).toBe("kept");
  await again.close();
});

test("a schema that a newer server has made is noticed before the next write", async () => {
  const { data, file, notes } = await served();
  const newer = new DatabaseSync(file);
  newer.exec(`PRAGMA user_version = ${migrations.length + 1}`);
  newer.close();
  await expect(notes.create({ title: "old", body: "" })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(/newer server/),
  });
  expect(await notes.problem()).toMatch(/newer server/);
  expect((await notes.get("n1")).title).toBe("T0");
  await notes.close();
  await expect(openAt(data)).rejects.toMatchObject({ code: "refused" });
});

test("writes of many checkpoints, and of another server beside, are not taken for a loss", async () => {
  const { data, notes } = await served();
  const writer = startChild("writer.ts", [data, "1", "60", "50000"]);
  for (let count = 0; count < 60; count++) await notes.create({ title: "x", body: "y".repeat(100_000) });
  expect(await writer.exited).toBe(0);
  expect(writer.lines().filter((line) => line.startsWith("error"))).toEqual([]);
  expect(await notes.problem()).toBeUndefined();
  await notes.close();
});

/** What may be left of the files of a server that was killed. */
const remains: Record<string, [damage: (file: string) => Promise<unknown>, message: RegExp]> = {
  "a database without its log": [(file) => rm(`${file}-wal`), /-wal is missing/],
  "a database without its log and shared memory": [
    async (file) => {
      await rm(`${file}-wal`);
      await rm(`${file}-shm`);
    },
    /its log with the latest notes is missing/,
  ],
  "a database whose log was emptied": [
    (file) => truncate(`${file}-wal`, 0),
    /its log with the latest notes is missing/,
  ],
  "a database whose log was cut": [
    async (file) => truncate(`${file}-wal`, Math.floor((await stat(`${file}-wal`)).size / 2)),
    /-wal is cut short/,
  ],
  "a log without its database": [(file) => rm(file), /notes\.db is missing/],
  "an empty database": [(file) => truncate(file, 0), /is empty/],
  "an empty database without a log": [
    async (file) => {
      await rm(`${file}-wal`);
      await rm(`${file}-shm`);
      await truncate(file, 0);
    },
    /is empty/,
  ],
  "a few bytes of it": [(file) => truncate(file, 50), /damaged/],
  "half of it": [(file) => truncate(file, 4096 * 3), /damaged|cut short/],
};

/**
 * The files as a kill leaves them between two changes, with notes that only the log has. A real kill may come just
 * after a checkpoint, and then no damage of the log loses anything; log-loss.test.ts has the kills.
 */
async function killed() {
  const { folder, data, notes } = await served();
  const left = join(folder, "left");
  await cp(data, left, { recursive: true });
  await notes.close();
  return left;
}

test.each(Object.entries(remains))(
  "a start on %s is refused with what to do, and changes nothing",
  async (damaged, [damage, message]) => {
    const data = await killed();
    await damage(join(data, databaseName));
    const names = await readdir(data);
    const error = await openAt(data).catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: "NotesError", code: "damaged", message: expect.stringMatching(message) });
    expect(error).toMatchObject({ message: expect.stringMatching(/backup/) });
    // SQLite takes an empty log away; what holds notes stays.
    const kept = (files: string[]) =>
      files.filter((name) => !damaged.includes("emptied") || name === databaseName).sort();
    expect(kept(await readdir(data))).toEqual(kept(names));
  },
);

test("a copy of the file of a running server is told from the whole, and --backup makes a whole one of it", async () => {
  const { folder, file, notes } = await served();
  const copied = join(folder, "copied");
  await mkdir(copied);
  await copyFile(file, join(copied, databaseName));
  await notes.close();
  await expect(openAt(copied)).rejects.toMatchObject({ code: "damaged", message: expect.stringMatching(/--backup/) });
  await backUp(copied, join(folder, "backup"));
  await (await openAt(join(folder, "backup"))).close();
});

test("a log that another program has brought into the file is not missed", async () => {
  const data = join(await temporaryFolder(), "data");
  for (let round = 0; round < 6; round++) {
    const writer = startChild("writer.ts", [data, "2", "Infinity", "3000"]);
    await writer.started;
    await writer.kill();
    const other = new DatabaseSync(join(data, databaseName));
    other.prepare("SELECT count(*) FROM notes").get();
    other.close();
    const notes = await openAt(data);
    if (round % 2 === 0) await notes.create({ title: "between", body: "" });
    await notes.close();
  }
});
