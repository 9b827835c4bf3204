import { limits } from "../../note.ts";
import { hashNote, hashRevision, readNote, writeText } from "../sqlite-rows.ts";
import type { Change, Committed, KeyUse, NoteRow, Write } from "../store.ts";
import { countFolders, type Indexed, indexNotes } from "./index-notes.ts";
import { migrations, newerSchema } from "./migrations.ts";
import type { Query } from "./pool.ts";
import { insertSql } from "./query.ts";

/** Where changes are told to the other instances. */
export const channel = "offshoot_notes";

const content = {
  title: "text",
  tags: "text",
  size: "bigint",
  updated_at: "text",
  hash: "text",
  front: "bytea",
  body: "bytea",
};
const noteColumns = {
  number: "bigint",
  title_key: "text",
  folder: "text",
  file: "text",
  version: "bigint",
  created_at: "text",
  deleted_at: "text",
  seq: "bigint",
  ...content,
};
const activityColumns = { seq: "bigint", at: "text", action: "text", changes: "text" };
const replaced = `ON CONFLICT (owner, number) DO UPDATE SET ${Object.keys(noteColumns)
  .map((name) => `${name} = excluded.${name}`)
  .join(", ")}`;

/** What became of a key. */
export async function readKey(query: Query, owner: number, { key, input, expired }: NonNullable<Change["key"]>) {
  const { rows } = await query.query(
    "SELECT input, numbers, answer FROM idempotency WHERE owner = $1 AND md5(key) = md5($2::text) AND key = $2 AND at >= $3",
    [owner, key, expired],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return { same: row.input === input, written: JSON.parse(row.numbers), answer: row.answer } satisfies KeyUse;
}

interface Counters {
  schema: number;
  seq: number;
  number: number;
  keys: number;
  live: number;
}

/**
 * The first statement of every change: the one that has the owner's row is alone, among all instances. What it reads then
 * is what was committed last, because each statement of READ COMMITTED looks again.
 */
export async function lockOwner(query: Query, owner: number): Promise<Counters> {
  const { rows } = await query.query(
    "SELECT schema, seq, number, keys, live FROM owners, meta WHERE owner = $1 FOR UPDATE OF owners",
    [owner],
  );
  const counters: Counters = rows[0];
  if (counters.schema !== migrations.length) throw newerSchema(counters.schema);
  return counters;
}

async function readRows(query: Query, owner: number, numbers: number[]) {
  return (await query.query("SELECT * FROM notes WHERE owner = $1 AND number = ANY ($2)", [owner, numbers])).rows;
}

/** One change in the transaction it is given. It is to be committed where the outcome is "done", and only then. */
export async function write(query: Query, owner: number, change: Change, most: number): Promise<Committed> {
  const { writes, at, key } = change;
  const numbers = writes.flatMap((one) => (one.type === "created" ? [] : [one.number]));
  // Sent together: the others are answered once the lock is there.
  const [counters, use, found] = await Promise.all([
    lockOwner(query, owner),
    key && readKey(query, owner, key),
    numbers.length === 0 ? [] : readRows(query, owner, numbers),
  ]);
  if (use) return { outcome: "replayed", ...use };
  if (change.latest !== undefined && counters.seq !== change.latest) return { outcome: "stale" };
  const arriving = writes.filter(({ type }) => type === "created" || type === "restored").length;
  const leaving = writes.filter(({ type }) => type === "deleted").length;
  const live = counters.live + arriving - leaving;
  if (arriving > 0 && live > most) return { outcome: "full", free: Math.max(0, most - counters.live) };
  const before = new Map(found.map((columns) => [columns.number, columns]));
  if (writes.some((one) => one.type !== "created" && before.get(one.number)?.seq !== one.seq))
    return { outcome: "stale" };

  const seq = counters.seq + 1;
  let { number } = counters;
  const done = writes.map((one) => {
    if (one.type === "created") return { write: one, row: newRow(one, at, seq, ++number) };
    const old = readNote(before.get(one.number));
    return { write: one, old, row: changeRow(one, old, at, seq) };
  });
  const notes = done.map(({ row, write: { type, ...rest }, old }) => ({
    ...row,
    title_key: "derived" in rest ? rest.derived.titleKey : before.get(row.number)?.title_key,
    hash: hashNote(row),
    tags: JSON.stringify(row.tags),
    front: writeText(row.front),
    body: writeText(row.body),
    old,
  }));
  const indexed = done.map(({ write, row, old }): Indexed => {
    const derived = write.type === "deleted" ? undefined : write.derived;
    return { row, derived, wasLive: old?.deleted_at === null, isNew: old === undefined };
  });
  const moves = done.flatMap(({ row, old }) => [
    ...(row.deleted_at === null ? [{ folder: row.folder, by: 1 }] : []),
    ...(old?.deleted_at === null ? [{ folder: old.folder, by: -1 }] : []),
  ]);
  const changes = done.map(({ write: { type }, row }) => ({ type, number: row.number, version: row.version }));
  const added = { seq, at, action: change.action, changes: JSON.stringify(changes) };
  const written = JSON.stringify(changes.map((one) => [one.number, one.version]));
  await Promise.all([
    indexNotes(query, owner, indexed),
    keepRevisions(query, owner, done),
    query.query(insertSql(owner, "notes", noteColumns, notes, replaced)),
    countFolders(query, owner, moves),
    query.query(insertSql(owner, "activity", activityColumns, [added])),
    key && keepKey(query, owner, key, at, counters.keys + 1, written),
    // The notice goes out with the commit, and never without it.
    query.query(
      `WITH told AS (SELECT pg_notify('${channel}', $1::bigint::text))
       UPDATE owners SET seq = $2, number = $3, live = $4, keys = $5 FROM told WHERE owner = $1`,
      [owner, seq, number, live, counters.keys + (key ? 1 : 0)],
    ),
  ]);
  return { outcome: "done", rows: done.map(({ row }) => row) };
}

function newRow(write: Extract<Write, { type: "created" }>, at: string, seq: number, number: number): NoteRow {
  const { title, body, tags, front, folder, file, created_at = at, updated_at = at } = write;
  const times = { created_at, updated_at, deleted_at: null };
  return { number, size: Buffer.byteLength(body), version: 1, ...times, seq, title, tags, front, folder, file, body };
}

function changeRow(write: Exclude<Write, { type: "created" }>, before: NoteRow, at: string, seq: number): NoteRow {
  const row = { ...before, deleted_at: write.type === "deleted" ? at : null, seq };
  if (write.type !== "updated") return row;
  const { title, body, tags, front, folder, file, updated_at = at } = write;
  const size = Buffer.byteLength(body);
  return { ...row, title, body, tags, front, folder, file, size, version: before.version + 1, updated_at };
}

async function keepRevisions(query: Query, owner: number, done: { write: Write; old?: NoteRow }[]): Promise<void> {
  const revisions = done.flatMap(({ write, old }) => {
    if (write.type !== "updated" || old === undefined) return [];
    const { number, version, title, tags, size, updated_at, front, body } = old;
    const texts = { tags: JSON.stringify(tags), front: writeText(front), body: writeText(body) };
    return [{ note: number, version, title, size, updated_at, hash: hashRevision(number, old), ...texts }];
  });
  if (revisions.length === 0) return;
  await Promise.all([
    query.query(insertSql(owner, "revisions", { note: "bigint", version: "bigint", ...content }, revisions)),
    // Never the first version: a repeated create answers with it.
    query.query(
      `DELETE FROM revisions r USING unnest($2::bigint[], $3::bigint[]) AS kept (note, version)
       WHERE r.owner = $1 AND r.note = kept.note AND r.version > 1 AND r.version <= kept.version`,
      [owner, revisions.map(({ note }) => note), revisions.map(({ version }) => version - limits.revisions + 1)],
    ),
  ]);
}

type Key = NonNullable<Change["key"]>;

async function keepKey(
  query: Query,
  owner: number,
  { key, input, answer, expired }: Key,
  at: string,
  place: number,
  numbers: string,
) {
  const columns = { place: "bigint", key: "text", input: "text", at: "text", numbers: "text", answer: "text" };
  const old = "DELETE FROM idempotency WHERE owner = $1 AND (at < $2 OR place <= $3)";
  await Promise.all([
    query.query(old, [owner, expired, place - limits.keys]),
    query.query(insertSql(owner, "idempotency", columns, [{ place, key, input, at, numbers, answer }])),
  ]);
}
