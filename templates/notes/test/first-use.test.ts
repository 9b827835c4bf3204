import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { databaseName } from "../src/domain/store/open.ts";
import { temporaryFolder } from "./fixtures/folder.ts";
import { newSchema } from "./fixtures/stores.ts";
import { startTogether } from "./fixtures/together.ts";
import { written } from "./fixtures/written.ts";

const long = process.env.OFFSHOOT_LONG === "1";
const processes = 8;

/** Notes of each owner in a folder, the common ones first, and what else is wrong with it. */
async function inFolder(data: string) {
  const owners = join(data, "owners");
  const folders = [data, ...(await readdir(owners)).map((name) => join(owners, name))];
  return Promise.all(
    folders.map(async (folder) => {
      const db = new DatabaseSync(join(folder, databaseName));
      const count = db.prepare("SELECT count(*) AS notes FROM notes").get();
      const whole = db.prepare("PRAGMA integrity_check").all();
      db.close();
      const files = (await readdir(folder)).filter((name) => name !== "owners");
      return { notes: count?.notes, files, whole };
    }),
  );
}

async function inSchema(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl });
  onTestFinished(() => client.end());
  await client.connect();
  const { rows } = await client.query(
    "SELECT (SELECT count(*)::int FROM notes WHERE notes.owner = owners.owner) AS notes FROM owners ORDER BY owner",
  );
  return rows;
}

const whole = (notes: number) => ({ notes, files: [databaseName], whole: [{ integrity_check: "ok" }] });

test("servers that start at once, on nothing and on what an older one has left, all do, and lose nothing", {
  timeout: long ? 3_600_000 : 120_000,
}, async () => {
  const play = await startTogether("first-user.ts", processes);
  const all = (options: Record<string, string>) => play(JSON.stringify(options));
  const done = Array(processes).fill("done");
  for (let round = 0; round < (long ? 100 : 4); round++) {
    for (const [before, make] of [
      [0, temporaryFolder],
      [4, () => written(1)],
      [4, () => written(2)],
    ] as const) {
      const data = await make();
      expect(await all({ store: "sqlite", data })).toEqual(done);
      expect(await inFolder(data)).toEqual([whole(before + processes), whole(processes)]);
    }
    if (!long && round > 0) continue; // all the tables take a second
    const databaseUrl = await newSchema();
    expect(await all({ store: "postgres", databaseUrl })).toEqual(done);
    expect(await inSchema(databaseUrl)).toEqual([{ notes: processes }, { notes: processes }]);
  }
});
