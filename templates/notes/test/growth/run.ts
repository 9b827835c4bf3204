/**
 * What an operation takes as notes become more: `node test/growth/run.ts <folder> <notes>…`, such as
 * `node test/growth/run.ts /tmp/growth 1000 10000 100000 1000000`. The databases stay in the folder and are used again.
 * With `postgres` in the place of the folder, the same notes are in a Postgres of its own, or that of OFFSHOOT_TEST_POSTGRES.
 *
 * Times are medians in milliseconds, and beside them how long the event loop stood still at most. "raw" is what SQLite
 * itself takes for the ten best of a word that is in every note.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { type OpenNotes, openNotes } from "../../src/domain/notes.ts";
import { databaseName } from "../../src/domain/store/open.ts";
import { createIndex } from "../../src/domain/store/sqlite-index.ts";
import { generateNotes, timeOf } from "./notes.ts";
import { openGrown } from "./postgres.ts";

const [folder = "growth", ...counts] = process.argv.slice(2);

/** In one transaction and past the domain, which would take an hour for a million. */
async function build(data: string, count: number): Promise<void> {
  await (await openNotes({ store: "sqlite", data })).close();
  const db = new DatabaseSync(join(data, databaseName));
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000; BEGIN");
  const index = createIndex(db);
  const add = db.prepare(
    "INSERT INTO notes (number, title, title_key, tags, folder, file, size, version, created_at, updated_at, deleted_at, seq, hash, front, body) VALUES (?, ?, ?, ?, ?, NULL, ?, 1, ?, ?, ?, ?, ?, x'', ?)",
  );
  const act = db.prepare("INSERT INTO activity (seq, at, action, changes) VALUES (?, ?, 'create_note', ?)");
  let live = 0;
  for (const { row, derived, hash } of generateNotes(count)) {
    const { number, title, tags, folder, size, created_at: at, deleted_at, body } = row;
    act.run(number, at, JSON.stringify([{ type: "created", number, version: 1 }]));
    const key = derived.titleKey;
    add.run(
      number,
      title,
      key,
      JSON.stringify(tags),
      folder,
      size,
      at,
      at,
      deleted_at,
      number,
      hash,
      Buffer.from(body),
    );
    if (deleted_at !== null) continue;
    live++;
    index.add(row, derived);
  }
  db.prepare("UPDATE state SET value = ? WHERE name = 'live'").run(String(live));
  const hasFolders = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'folders'").get();
  if (hasFolders)
    db.exec("INSERT INTO folders SELECT folder, count(*) FROM notes WHERE deleted_at IS NULL GROUP BY folder");
  db.exec("COMMIT");
  db.close();
}

async function measure(where: OpenNotes, count: number): Promise<Record<string, string>> {
  const notes = await openNotes({ ...where, most: 10_000_000 });
  const result: Record<string, string> = {};
  const loop = monitorEventLoopDelay({ resolution: 5 });
  const time = async (name: string, call: (run: number) => Promise<unknown>, runs = 5, changed = false) => {
    await call(-1);
    const took: number[] = [];
    loop.reset();
    loop.enable();
    for (let run = 0; run < runs; run++) {
      if (changed) await notes.create({ title: "Between", body: "" });
      const begin = performance.now();
      await call(run);
      took.push(performance.now() - begin);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    loop.disable();
    const median = took.sort((a, b) => a - b)[runs >> 1] ?? 0;
    result[name] = `${median.toFixed(1)} (${(loop.max / 1e6).toFixed(0)})`;
  };
  const middle = timeOf(count / 2);
  const own = `n${count - 1}`;
  await time("create", (run) => notes.create({ title: `New ${run}`, body: "common words" }), 15);
  await time("update", (run) => notes.update({ id: own, body: `common ${run} ${Math.random()}` }), 15);
  await time("get", () => notes.get(own), 15);
  await time("list", () => notes.list());
  await time("list, tag of half", () => notes.list({ tag: "half" }));
  await time("list, rare tag", () => notes.list({ tag: "rare" }));
  await time("list, tag of the oldest tenth", () => notes.list({ tag: "old" }));
  await time("list, absent tag", () => notes.list({ tag: "absent" }));
  await time("list, changed before the middle", () => notes.list({ updated_before: middle }));
  await time("list, changed before all", () => notes.list({ updated_before: timeOf(0) }));
  await time("list, a folder", () => notes.list({ folder: "f7" }));
  await time("list, trash by title", () => notes.list({ trashed: true, sort: "title_asc" }));
  await time("list_tags", () => notes.tags());
  await time("list_folders", () => notes.folders());
  await time("orphans, one of a thousand", () => notes.orphans());
  await time("broken links, one of a thousand", () => notes.brokenLinks());
  await time("search, rare word", () => notes.search({ query: "rare" }));
  await time("search, two words", () => notes.search({ query: "w1 rare" }));
  await time("search, word of all", () => notes.search({ query: "common" }), 5, true);
  await time("search, 20 pages of it", () => walk(20), 1, true);
  async function walk(pages: number) {
    let cursor: string | undefined;
    for (let page = 0; page < pages; page++) {
      const found: { next_cursor?: string } = await notes.search({ query: "common", ...(cursor && { cursor }) });
      cursor = found.next_cursor;
    }
  }
  if (where.store === "sqlite") {
    const raw = new DatabaseSync(join(where.data, databaseName), { readOnly: true });
    const ranked = raw.prepare(
      "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 10, 1, 1, 10) LIMIT 10",
    );
    await time("raw, word of all", async () => ranked.all('"common" *'), 5);
    raw.close();
  }
  await notes.close();
  return result;
}

const table: Record<string, Record<string, string>> = {};
const server = folder === "postgres" ? await openGrown() : undefined;
for (const count of counts.map(Number)) {
  const data = join(folder, String(count));
  const begin = performance.now();
  const where: OpenNotes = server
    ? { store: "postgres", databaseUrl: await server.fill(count) }
    : { store: "sqlite", data };
  if (where.store === "sqlite" && !existsSync(data)) await build(data, count);
  console.error(`${count} notes after ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  for (const [name, figure] of Object.entries(await measure(where, count)))
    table[name] = { ...table[name], [count]: figure };
}
await server?.stop();
console.log(["operation".padEnd(34), ...counts.map((count) => count.padStart(16))].join(""));
for (const [name, figures] of Object.entries(table))
  console.log([name.padEnd(34), ...counts.map((count) => (figures[count] ?? "").padStart(16))].join(""));
