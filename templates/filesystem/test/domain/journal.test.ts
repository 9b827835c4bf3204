import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Change, Entry } from "../../src/domain/safe-fs/journal/entry.ts";
import { openFileLock } from "../../src/domain/safe-fs/journal/file-lock.ts";
import { journalFile, openJournal } from "../../src/domain/safe-fs/journal/journal.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const changeIn = (root: string): Change => ({ action: "write", path: "f", at: { root, relative: ["f"] } });

/** A journal as the first version made it, with what lies in the trash of two roots. */
async function earlierJournal() {
  const folder = await temporaryFolder();
  const db = new DatabaseSync(journalFile(folder));
  onTestFinished(() => db.close());
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE entries (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL, state TEXT NOT NULL,
      owner TEXT NOT NULL, time INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0, change TEXT NOT NULL
    ) STRICT;
    CREATE TABLE roots (root TEXT PRIMARY KEY, trash TEXT NOT NULL) STRICT;
  `);
  const insert = db.prepare(
    "INSERT INTO entries (id, root, state, owner, time, bytes, change) VALUES (?, ?, 'done', 'x', 0, ?, ?)",
  );
  for (const [id, root, bytes] of [
    ["a", "1-1", 10],
    ["b", "1-1", 20],
    ["c", "2-2", 5],
  ] as const)
    insert.run(id, root, bytes, JSON.stringify(changeIn(root)));
  return { folder, db };
}

test("bytes in the trash are known from a journal of an earlier version, and while such a version writes to it", async () => {
  const { folder, db } = await earlierJournal();
  const journals = [await openJournal(DatabaseSync, folder, "one"), await openJournal(DatabaseSync, folder, "other")];
  const kept = () => ["1-1", "2-2", "3-3"].map((root) => journals.map((journal) => journal.keptBytes(root)));
  expect(kept()).toEqual([
    [30, 30],
    [5, 5],
    [0, 0],
  ]);
  db.exec("UPDATE entries SET bytes = 7 WHERE id = 'a'");
  db.exec("DELETE FROM entries WHERE id = 'c'");
  expect(kept()).toEqual([
    [27, 27],
    [0, 0],
    [0, 0],
  ]);
  for (const journal of journals) journal.close();
});

test("bytes in the trash are those of all entries, whatever becomes of them", async () => {
  const action = fc.record({ kind: fc.constantFrom("begin", "mark", "drop"), at: fc.nat(9), bytes: fc.nat(1_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const journal = await openJournal(DatabaseSync, undefined, "me");
      const entries = new Map<Entry, number>();
      for (const { kind, at, bytes } of actions) {
        const entry = [...entries.keys()][at];
        if (kind === "begin") entries.set(journal.begin(changeIn(`${at % 2}-0`)), 0);
        else if (entry && kind === "mark") {
          journal.mark(entry, "done", bytes);
          entries.set(entry, bytes);
        } else if (entry) {
          journal.drop(entry);
          entries.delete(entry);
        }
      }
      for (const root of ["0-0", "1-0"]) {
        const all = [...entries].filter(([{ change }]) => change.at.root === root);
        expect(journal.keptBytes(root)).toBe(all.reduce((sum, [, bytes]) => sum + bytes, 0));
      }
      journal.close();
    }),
  );
});

test("a lock is held by one, and leaves no file beside it", async () => {
  const folder = await temporaryFolder();
  const [one, other] = [
    openFileLock(DatabaseSync, join(folder, "lock")),
    openFileLock(DatabaseSync, join(folder, "lock")),
  ];
  expect([one.take(), other.take()]).toEqual([true, false]);
  expect(await readdir(folder)).toEqual(["lock"]);
  one.release();
  expect([other.take(), one.take()]).toEqual([true, false]);
  expect(await readdir(folder)).toEqual(["lock"]);
  other.release();
  expect(one.take()).toBe(true);
  one.close();
  other.close();
});
