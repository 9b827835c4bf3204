import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { derive } from "../../derive.ts";
import { NotesError } from "../../errors.ts";
import { ownersName } from "../../owner-folder.ts";
import { createFileBlobs } from "../blobs.ts";
import { attachmentsName, databaseName, loadSqlite, openSqliteStore } from "../open.ts";
import { readNote } from "../sqlite-rows.ts";
import { createPostgresBlobs } from "./blobs.ts";
import { addTags, countFolders, indexNotes } from "./index-notes.ts";
import { migrate } from "./migrate.ts";
import { findOwner } from "./owners.ts";
import { type Database, openPool, type Query } from "./pool.ts";
import { refusePooler } from "./pooler.ts";
import { insertSql } from "./query.ts";
import { lockOwner } from "./write.ts";

/** What was copied. */
export interface Copied {
  /** Live ones and those in the trash. */
  notes: number;
  revisions: number;
  attachments: number;
  owners: number;
}

type Row = Record<string, unknown>;

/** How long one statement of a copy may take, in milliseconds. */
const LONGEST_MS = 600_000;

/** Rows in one statement, and in memory at once. */
const batch = 200;

const number = "bigint";
/** The tables that are copied as they are: their columns, and by which of them a row is found. */
const tables = {
  activity: { columns: { seq: number, at: "text", action: "text", changes: "text" }, by: ["seq"] },
  notes: {
    columns: {
      ...{ number, title: "text", title_key: "text", tags: "text", folder: "text", file: "text", size: number },
      ...{ version: number, created_at: "text", updated_at: "text", deleted_at: "text", seq: number, hash: "text" },
      ...{ front: "bytea", body: "bytea" },
    },
    by: ["number"],
  },
  revisions: {
    columns: {
      ...{ note: number, version: number, title: "text", tags: "text", size: number, updated_at: "text" },
      ...{ hash: "text", front: "bytea", body: "bytea" },
    },
    by: ["note", "version"],
  },
  idempotency: {
    columns: { place: number, key: "text", input: "text", at: "text", numbers: "text", answer: "text" },
    by: ["place"],
  },
  attachments: {
    columns: { path: "text", key: "text", sha256: "text", size: number, updated_at: "text" },
    by: ["path"],
  },
} as const;

/**
 * Copies the notes that SQLite keeps in a folder into an empty Postgres: every version, the trash, keys, activity and
 * attachments, and those of each owner. What was written is read back and compared before all of it is committed at once;
 * servers may go on reading the folder, and what they write meanwhile is not copied.
 *
 * @throws NotesError where there is nothing to copy, where notes are in the way, and where what was read back differs
 */
export async function copyFromSqlite(data: string, url: string): Promise<Copied> {
  if (!existsSync(join(data, databaseName)))
    throw new NotesError("not_found", `There are no notes in ${data}: nothing to copy. Name their folder.`);
  const folders = [{ folder: data, name: "", digest: undefined }, ...ownersIn(data)];
  // Checks each, and brings its schema up to date.
  for (const { folder } of folders) await (await openSqliteStore(folder)).close();
  const database = await openPool(url, { connections: 2, budgetMs: 5_000, statementMs: 30_000 });
  try {
    await refusePooler(database);
    await migrate(database);
    return await database.change(
      async (query) => {
        const copied = { notes: 0, revisions: 0, attachments: 0, owners: folders.length - 1 };
        for (const { folder, name, digest } of folders)
          await copyFolder(database, query, folder, await findOwner(database, name, digest), copied);
        return [true, copied];
      },
      { longestMs: LONGEST_MS },
    );
  } finally {
    await database.close();
  }
}

/** Other names, such as that of a copy made by hand, are no owner's: no server reads them. */
const ownerName = /^([A-Za-z0-9-]+)\.([0-9a-f]{32})$/;

function ownersIn(data: string) {
  const owners = join(data, ownersName);
  return (existsSync(owners) ? readdirSync(owners) : []).flatMap((entry) => {
    const [, name = "", digest] = ownerName.exec(entry) ?? [];
    const folder = join(owners, entry);
    return digest !== undefined && existsSync(join(folder, databaseName)) ? [{ folder, name, digest }] : [];
  });
}

async function copyFolder(
  database: Database,
  query: Query,
  folder: string,
  owner: number,
  copied: Copied,
): Promise<void> {
  const { DatabaseSync } = await loadSqlite();
  const source = new DatabaseSync(join(folder, databaseName), { readOnly: true, timeout: 5_000 });
  try {
    source.exec("BEGIN"); // one moment, whatever is written meanwhile
    if ((await lockOwner(query, owner)).seq > 0)
      throw new NotesError("conflict", "The database has notes already. Nothing was changed: name an empty one.");
    await copyBlobs(database, source, folder);
    for (const table of names) await copyTable(query, owner, source, table);
    await index(query, owner, source);
    await setCounters(query, owner, source);
    for (const table of names) await compare(query, owner, source, table);
    for (const table of ["notes", "revisions", "attachments"] as const) copied[table] += count(source, table);
  } finally {
    source.close();
  }
}

type Table = keyof typeof tables;
const names = Object.keys(tables) as Table[];

const count = (source: DatabaseSync, table: Table): number =>
  Number(source.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);

/** SQLite has the place of a key as the number of its row. */
const columnsIn = (table: Table): string =>
  Object.keys(tables[table].columns)
    .map((name) => (name === "place" ? "rowid AS place" : name))
    .join(", ");

function* batches(source: DatabaseSync, table: Table): Generator<Row[]> {
  const by = tables[table].by.map((name) => (name === "place" ? "rowid" : name)).join(", ");
  let rows: Row[] = [];
  for (const row of source.prepare(`SELECT ${columnsIn(table)} FROM ${table} ORDER BY ${by}`).iterate()) {
    rows.push(row);
    if (rows.length < batch) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

async function copyTable(query: Query, owner: number, source: DatabaseSync, table: Table): Promise<void> {
  for (const rows of batches(source, table)) {
    const whole = rows.map((row) => ({ ...row, front: bytes(row.front), body: bytes(row.body) }));
    await query.query(insertSql(owner, table, tables[table].columns, whole));
  }
}

const bytes = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value) : value);

async function copyBlobs(database: Database, source: DatabaseSync, folder: string): Promise<void> {
  const [from, to] = [createFileBlobs(join(folder, attachmentsName)), createPostgresBlobs(database)];
  for (const { sha256 } of source.prepare("SELECT DISTINCT sha256 FROM attachments").all()) {
    const found = await from.get(String(sha256));
    const kept = await to.put(
      (async function* () {
        yield found;
      })(),
    );
    if (kept.sha256 !== sha256) throw new NotesError("damaged", "An attachment is damaged on disk. Restore a backup.");
  }
}

/** What is kept beside the notes is made from them, so that this server's words are found whatever made the old ones. */
async function index(query: Query, owner: number, source: DatabaseSync): Promise<void> {
  for (const rows of batches(source, "notes")) {
    const notes = await Promise.all(
      rows.map(async (columns) => {
        const row = readNote(columns as Parameters<typeof readNote>[0]);
        return { row, derived: await derive(row) };
      }),
    );
    const live = notes.filter(({ row }) => row.deleted_at === null);
    await indexNotes(
      query,
      owner,
      live.map(({ row, derived }) => ({ row, derived, wasLive: false })),
    );
    await countFolders(
      query,
      owner,
      live.map(({ row }) => ({ folder: row.folder, by: 1 })),
    );
    const trashed = notes.filter(({ row }) => row.deleted_at !== null);
    await addTags(query, owner, trashed, true);
  }
}

async function setCounters(query: Query, owner: number, source: DatabaseSync): Promise<void> {
  const counters = source
    .prepare(
      `SELECT (SELECT coalesce(max(seq), 0) FROM activity) AS seq,
              (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'notes') AS number,
              (SELECT coalesce(max(rowid), 0) FROM idempotency) AS keys,
              (SELECT count(*) FROM notes WHERE deleted_at IS NULL) AS live`,
    )
    .get();
  const values = ["seq", "number", "keys", "live"].map((name) => Number(counters?.[name]));
  await query.query("UPDATE owners SET seq = $2, number = $3, keys = $4, live = $5 WHERE owner = $1", [
    owner,
    ...values,
  ]);
}

/** Reads a table back, row by row, and compares every column. */
async function compare(query: Query, owner: number, source: DatabaseSync, table: Table): Promise<void> {
  const { by, columns } = tables[table];
  const key = (alias: string) => by.map((name) => `${alias}${name}`).join(", ");
  const digest = (row: Row) =>
    createHash("sha256")
      .update(
        JSON.stringify(
          Object.keys(columns).map((name) =>
            row[name] instanceof Uint8Array ? Buffer.from(row[name]).toString("base64") : row[name],
          ),
        ),
      )
      .digest("base64");
  let compared = 0;
  for (const rows of batches(source, table)) {
    const values = by.map((name) => rows.map((row) => row[name]));
    const arrays = by.map((name, at) => `$${at + 2}::${(columns as Record<string, string>)[name]}[]`).join(", ");
    const { rows: found } = await query.query(
      `SELECT t.* FROM unnest(${arrays}) WITH ORDINALITY AS asked (${key("")}, place_asked) JOIN ${table} t
       ON t.owner = $1 AND (${key("t.")}) = (${key("asked.")}) ORDER BY place_asked`,
      [owner, ...values],
    );
    compared += found.length;
    if (found.length !== rows.length || rows.some((row, at) => digest(row) !== digest(found[at]))) throw differs(table);
  }
  const { rows } = await query.query(`SELECT count(*) AS count FROM ${table} WHERE owner = $1`, [owner]);
  if (rows[0].count !== compared) throw differs(table);
}

const differs = (table: Table): NotesError =>
  new NotesError("damaged", `What was read back of the table ${table} is not what was written. Nothing was copied.`);
