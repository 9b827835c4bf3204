import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { createNotes, type Notes, openNotes } from "../../../src/domain/notes.ts";
import { ownerFolder } from "../../../src/domain/owner-folder.ts";
import { databaseName } from "../../../src/domain/store/open.ts";
import { copyFromSqlite } from "../../../src/domain/store/postgres/copy.ts";
import { openPostgresStore } from "../../../src/domain/store/postgres/open.ts";
import { temporaryFolder } from "../../fixtures/folder.ts";
import { emptySchema } from "../../fixtures/stores.ts";

/** A store of a size in which everything occurs: versions, the trash, links, tags, keys, attachments, and an owner. */
async function fill(data: string, count: number): Promise<void> {
  const exchange = join(data, "exchange");
  await mkdir(join(exchange, "vault"), { recursive: true });
  await writeFile(join(exchange, "vault", "pic.png"), Buffer.alloc(1_500_000, 7));
  await writeFile(join(exchange, "vault", "Imported.md"), "---\naliases: [Other name]\n---\n[[Note 1]] \0");
  const notes = await openNotes({ store: "sqlite", data, exchange });
  for (let from = 1; from <= count; from += 100) {
    const drafts = Array.from({ length: Math.min(100, count + 1 - from) }, (_, at) => ({
      title: `Note ${from + at}`,
      body: `word${from + at} 日本語 [[Note ${((from + at) % count) + 1}]] #tag/${at % 3}`,
      tags: [`t${at % 5}`],
    }));
    await notes.createMany(drafts, { key: `batch ${from}` });
  }
  await notes.importFolder("vault");
  for (let number = 1; number <= 20; number++)
    await notes.update({ id: `n${number}`, body: `changed ${number} #tag/x` });
  for (let number = 10; number <= 15; number++) await notes.remove(`n${number}`);
  const own = await notes.of("ada");
  await own.create({ title: "Ada's", body: "own" });
  await notes.close();
}

/** What can be read of a store. */
async function everything(notes: Notes) {
  const listed = await notes.list({ sort: "created_asc", limit: 100 });
  return {
    listed,
    trashed: await notes.list({ trashed: true }),
    tags: await notes.tags(),
    folders: await notes.folders(),
    activity: await notes.activity({ limit: 50 }),
    attachments: await notes.attachments(),
    bytes: (await notes.attachment("pic.png")).bytes,
    old: await Promise.all([1, 2].map((version) => notes.get("n3", version))),
    revisions: await notes.revisions({ id: "n3" }),
    backlinks: await notes.backlinks("n2"),
    found: (await notes.search({ query: "word7", limit: 50 })).notes.map(({ id }) => id).sort(),
    japanese: (await notes.search({ query: "本語 tag", limit: 50 })).notes.length,
    broken: await notes.brokenLinks(),
    orphans: await notes.orphans(),
    markdown: await notes.markdown("n25"),
    again: await notes.createMany([], { key: "batch 1" }).catch((error) => error.code),
  };
}

test("everything of a SQLite store is there afterwards, and goes on where it was", { timeout: 240_000 }, async () => {
  const data = await temporaryFolder();
  const count = process.env.OFFSHOOT_LONG === "1" ? 10_000 : 300;
  await fill(data, count);
  const url = await emptySchema();
  const since = performance.now();
  const copied = await copyFromSqlite(data, url);
  if (process.env.OFFSHOOT_LONG === "1") console.log(copied, `${Math.round(performance.now() - since)} ms`);
  expect(copied).toEqual({ notes: count + 2, revisions: 20, attachments: 1, owners: 1 });
  const [before, after] = [await openNotes({ store: "sqlite", data }), createNotes(await openPostgresStore(url))];
  onTestFinished(() => before.close());
  onTestFinished(() => after.close());
  expect(await everything(after)).toEqual(await everything(before));
  expect(await (await after.of("ada")).get("n1")).toEqual(await (await before.of("ada")).get("n1"));
  const draft = { title: "Next", body: "" };
  expect((await after.create(draft)).id).toBe((await before.create(draft)).id);
  expect((await after.restore("n12")).tags).toEqual((await before.restore("n12")).tags);
  expect(await after.tags()).toEqual(await before.tags());
});

test("nothing is copied over notes that are there, from nothing, or from what is damaged", async () => {
  const [data, url] = [await temporaryFolder(), await emptySchema()];
  await expect(copyFromSqlite(join(data, "missing"), url)).rejects.toMatchObject({ code: "not_found" });
  const notes = await openNotes({ store: "sqlite", data });
  await notes.create({ title: "A", body: "one" });
  await notes.close();
  const db = new DatabaseSync(join(data, databaseName));
  db.exec("UPDATE notes SET body = CAST('other' AS BLOB)");
  await expect(copyFromSqlite(data, url)).rejects.toMatchObject({ code: "damaged" });
  db.exec("UPDATE notes SET body = CAST('one' AS BLOB)");
  db.close();
  await copyFromSqlite(data, url);
  await expect(copyFromSqlite(data, url)).rejects.toMatchObject({ code: "conflict" });
  const there = createNotes(await openPostgresStore(url));
  expect((await there.list()).notes).toHaveLength(1);
  await there.close();
});

test("all of it is copied or nothing: what is wrong with one owner's notes keeps everyone's back", async () => {
  const [data, url] = [await temporaryFolder(), await emptySchema()];
  const notes = await openNotes({ store: "sqlite", data });
  await notes.create({ title: "Of all", body: "" });
  for (const owner of ["ada", "bob"]) await (await notes.of(owner)).create({ title: owner, body: "one" });
  await notes.close();
  // A copy that someone made by hand: no server reads it.
  const own = join(data, ownerFolder("bob"));
  await cp(join(data, ownerFolder("ada")), `${join(data, ownerFolder("ada"))}.bak`, { recursive: true });
  const db = new DatabaseSync(join(own, databaseName));
  for (const body of ["other", "one"]) {
    db.exec(`UPDATE notes SET body = CAST('${body}' AS BLOB)`);
    const copying = copyFromSqlite(data, url);
    if (body === "other") await expect(copying).rejects.toMatchObject({ code: "damaged" });
    else expect(await copying).toMatchObject({ notes: 3, owners: 2 });
  }
  db.close();
  const there = createNotes(await openPostgresStore(url));
  for (const owner of ["", "ada", "bob"]) expect((await (await there.of(owner)).list()).notes).toHaveLength(1);
  await there.close();
});
