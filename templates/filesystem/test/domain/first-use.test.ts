import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openFiles } from "../../src/domain/open-files.ts";
import { journalFile, openJournal } from "../../src/domain/safe-fs/journal/journal.ts";
import { startChild } from "../fixtures/child.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { startTogether } from "../fixtures/together.ts";

const long = process.env.OFFSHOOT_LONG === "1";
const rounds = long ? 100 : 6;
const processes = 8;

/** What an earlier version, or a killed server, has left in the state folder; how many changes it has made itself. */
const left: Record<string, (folder: string) => Promise<number>> = {
  nothing: async () => 0,
  "the journal of an earlier version": async (folder) => {
    await mkdir(join(folder, "state"));
    const db = new DatabaseSync(journalFile(join(folder, "state")));
    db.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE entries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL, state TEXT NOT NULL,
        owner TEXT NOT NULL, time INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0, change TEXT NOT NULL
      ) STRICT;
      CREATE TABLE roots (root TEXT PRIMARY KEY, trash TEXT NOT NULL) STRICT;
      INSERT INTO entries (id, root, state, owner, time, bytes, change) VALUES ('a', '1-1', 'done', 'x', 0, 7, '{}')`);
    db.close();
    return 0;
  },
  "changes of a killed server": async (folder) => {
    const files = await openFiles({ roots: [join(folder, "root")], state: join(folder, "state") });
    await files.write(join(folder, "root", "gone"), "");
    await files.remove(join(folder, "root", "gone"));
    await files.close();
    await startChild("dying-owner.ts", [folder]).exited;
    return 2;
  },
};

test.each(Object.entries(left))(
  "servers that start at once on a state folder with %s all use it",
  { timeout: long ? 3_600_000 : 120_000 },
  async (_what, leave) => {
    const play = await startTogether("first-user.ts", processes);
    for (let round = 0; round < rounds; round++) {
      const folder = await temporaryFolder();
      await mkdir(join(folder, "root"));
      const before = await leave(folder);
      expect(await play(folder)).toEqual(Array(processes).fill("done"));
      expect((await readFile(join(folder, "root", "common"), "utf8")).trimEnd().split("\n")).toHaveLength(processes);
      expect(await readdir(join(folder, "state", "owners"))).toEqual([]);
      const db = new DatabaseSync(journalFile(join(folder, "state")));
      const states = db
        .prepare("SELECT state, count(*) AS changes FROM entries WHERE owner <> 'x' GROUP BY state")
        .all();
      expect(states).toEqual([{ state: "done", changes: before + 3 * processes }]);
      const roots = "SELECT root, sum(bytes) AS bytes FROM entries GROUP BY root ORDER BY root";
      expect(db.prepare("SELECT root, bytes FROM kept ORDER BY root").all()).toEqual(db.prepare(roots).all());
      db.close();
    }
  },
);

test("a journal that another process is making is waited for", async () => {
  const folder = await temporaryFolder();
  const other = new DatabaseSync(journalFile(folder));
  other.exec("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS roots (root TEXT PRIMARY KEY, trash TEXT NOT NULL) STRICT");
  const opening = openJournal(DatabaseSync, folder, "me");
  other.exec("COMMIT");
  const journal = await opening;
  expect(journal.keptBytes("1-1")).toBe(0);
  journal.close();
  other.close();
});
