/**
 * What an operation takes as notes become more: `node test/growth/run.ts <folder> <notes>…`, such as
 * `node test/growth/run.ts /tmp/growth 1000 10000 100000 1000000`. The databases stay in the folder and are used again.
 *
 * Times are medians in milliseconds, and beside them how long the event loop stood still at most. "raw" is what SQLite
 * itself takes for the ten best of a word that is in every note.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { openNotes } from "../../src/domain/notes.ts";
import { databaseName } from "../../src/domain/store/open.ts";
import { createIndex } from "../../src/domain/store/sqlite-index.ts";
import { hashNote } from "../../src/domain/store/sqlite-rows.ts";

const [folder = "growth", ...counts] = process.argv.slice(2);

const start = Date.parse("2026-01-01T00:00:00.000Z");
const timeOf = (number: number) => new Date(start + number * 10_000).toISOString();

/** Words as texts have them: few of them are most of the text. The same ones in every run. */
function createWords() {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return (count: number) => Array.from({ length: count }, () => `w${Math.floor(random() ** 3 * 20_000).toString(36)}`);
}

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
  const words = createWords();
  let live = 0;
  for (let number = 1; number <= count; number++) {
    const title = `Note ${number}`;
    const text = [...words(25), "common", ...(number % 1_000 === 0 ? ["rare"] : [])];
    const body = text.join(" ");
    const tags = [
      ...(number % 2 === 0 ? ["half"] : []),
      ...(number % 1_000 === 0 ? ["rare"] : []),
      ...(number <= count / 10 ? ["old"] : []),
    ];
    const [at, inside] = [timeOf(number), `f${number % 100}`];
    const deleted = number % 50 === 0 ? at : null;
    const times = { created_at: at, updated_at: at, deleted_at: deleted };
    const row = { number, title, body, tags, folder: inside, file: null, front: "", version: 1, size: body.length };
    act.run(number, at, JSON.stringify([{ type: "created", number, version: 1 }]));
    add.run(
      number,
      title,
      title.toLowerCase(),
      JSON.stringify(tags),
      inside,
      body.length,
      at,
      at,
      deleted,
      number,
      hashNote({ ...row, ...times, seq: number }),
      Buffer.from(body),
    );
    if (deleted !== null) continue;
    live++;
    const key = title.toLowerCase();
    index.add(number, {
      titleKey: key,
      folderKey: inside,
      names: [{ key, own: key, path: `${inside}/${key}`, kind: 0 }],
      links: [],
      tags: tags.map((tag) => ({ key: tag, tag })),
      words: { title: key, body, tags: tags.join(" "), signs: "" },
    });
  }
  db.prepare("UPDATE state SET value = ? WHERE name = 'live'").run(String(live));
  const hasFolders = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'folders'").get();
  if (hasFolders)
    db.exec("INSERT INTO folders SELECT folder, count(*) FROM notes WHERE deleted_at IS NULL GROUP BY folder");
  db.exec("COMMIT");
  db.close();
}

async function measure(data: string, count: number): Promise<Record<string, string>> {
  const notes = await openNotes({ store: "sqlite", data, most: 10_000_000 });
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
  await time("orphans", () => notes.orphans());
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
  const raw = new DatabaseSync(join(data, databaseName), { readOnly: true });
  const ranked = raw.prepare("SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 10, 1, 1, 10) LIMIT 10");
  await time("raw, word of all", async () => ranked.all('"common" *'), 5);
  raw.close();
  await notes.close();
  return result;
}

const table: Record<string, Record<string, string>> = {};
for (const count of counts.map(Number)) {
  const data = join(folder, String(count));
  if (!existsSync(data)) {
    const begin = performance.now();
    await build(data, count);
    console.error(`${count} notes made in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  }
  for (const [name, figure] of Object.entries(await measure(data, count)))
    table[name] = { ...table[name], [count]: figure };
}
console.log(["operation".padEnd(34), ...counts.map((count) => count.padStart(16))].join(""));
for (const [name, figures] of Object.entries(table))
  console.log([name.padEnd(34), ...counts.map((count) => (figures[count] ?? "").padStart(16))].join(""));
