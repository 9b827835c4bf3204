import pg from "pg";
import { indexNotes } from "../../src/domain/store/postgres/index-notes.ts";
import { openPostgresStore } from "../../src/domain/store/postgres/open.ts";
import { findOwner } from "../../src/domain/store/postgres/owners.ts";
import { openPool, type Query } from "../../src/domain/store/postgres/pool.ts";
import { insertSql } from "../../src/domain/store/postgres/query.ts";
import { startPostgres } from "../fixtures/postgres/server.ts";
import { generateNotes } from "./notes.ts";

const batch = 2_000;
const text = "text";
const columns = {
  ...{ number: "bigint", title: text, title_key: text, tags: text, folder: text, file: text, size: "bigint" },
  ...{ version: "bigint", created_at: text, updated_at: text, deleted_at: text, seq: "bigint", hash: text },
  ...{ front: "bytea", body: "bytea" },
};

type Grown = ReturnType<typeof generateNotes> extends Generator<infer Note> ? Note : never;

async function write(query: Query, owner: number, notes: Grown[]): Promise<void> {
  const rows = notes.map(({ row, derived, hash }) => {
    const bytes = { front: Buffer.alloc(0), body: Buffer.from(row.body) };
    return { ...row, title_key: derived.titleKey, tags: JSON.stringify(row.tags), hash, ...bytes };
  });
  await query.query(insertSql(owner, "notes", columns, rows));
  const live = notes.filter(({ row }) => row.deleted_at === null);
  await indexNotes(
    query,
    owner,
    live.map(({ row, derived }) => ({ row, derived, wasLive: false, isNew: true })),
  );
  const changes = rows.map(({ number, created_at: at }) => ({
    ...{ seq: number, at, action: "create_note" },
    changes: JSON.stringify([{ type: "created", number, version: 1 }]),
  }));
  await query.query(insertSql(owner, "activity", { seq: "bigint", at: text, action: text, changes: text }, changes));
}

/** A Postgres to measure in, and in it a database for each number of notes. */
export async function openGrown() {
  const given = process.env.OFFSHOOT_TEST_POSTGRES;
  const server = given === undefined ? await startPostgres() : { url: given, stop: async () => {} };

  async function fill(count: number): Promise<string> {
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`CREATE DATABASE grown_${count}`);
    await admin.end();
    const url = server.url.replace("/postgres?", `/grown_${count}?`);
    await (await openPostgresStore(url)).close();
    const database = await openPool(url, { connections: 2, budgetMs: 5_000, statementMs: 600_000 });
    const owner = await findOwner(database, "");
    const run = (sql: string) => database.read((query) => query.query(sql));
    // Made again at the end: an index that grows by a note at a time takes many times as long.
    const { rows: indexes } = await run(
      `SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = current_schema()
       AND indexname NOT IN (SELECT conname FROM pg_constraint)`,
    );
    for (const { name } of indexes) await run(`DROP INDEX ${name}`);
    let some: Grown[] = [];
    for (const note of generateNotes(count)) {
      some.push(note);
      if (some.length < batch && note.row.number < count) continue;
      const rows = some;
      some = [];
      await database.change(async (query) => [true, await write(query, owner, rows)]);
    }
    for (const { sql } of indexes) await run(String(sql));
    await run(
      "INSERT INTO folders SELECT owner, folder, count(*) FROM notes WHERE deleted_at IS NULL GROUP BY owner, folder",
    );
    await run(
      `UPDATE owners SET seq = ${count}, number = ${count}, live = (SELECT count(*) FROM notes WHERE deleted_at IS NULL)`,
    );
    await run("VACUUM ANALYZE");
    await database.close();
    return url;
  }

  return { fill, stop: () => server.stop() };
}
