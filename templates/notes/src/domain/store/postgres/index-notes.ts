import { idOf } from "../../note.ts";
import { listsOf } from "../listed.ts";
import type { Derived, NoteHead } from "../store.ts";
import type { Query } from "./pool.ts";
import { insertSql } from "./query.ts";
import { wordsRow } from "./words.ts";

export interface Indexed {
  /** The note as it is now. */
  row: Pick<NoteHead, "number" | "folder" | "seq">;
  /** Undefined for a note that goes to the trash: it keeps its tags, uncounted, and its lists become those of the trash. */
  derived: Derived | undefined;
  wasLive: boolean;
  /** Nothing is kept beside it yet. @default false */
  isNew?: boolean;
}

/** Brings what is kept beside notes up to date, in a few statements for all of them. */
export async function indexNotes(query: Query, owner: number, notes: Indexed[]): Promise<void> {
  const wereLive = notes.flatMap(({ row, wasLive }) => (wasLive ? [row.number] : []));
  const had = wereLive.length === 0 ? [] : await tagsOf(query, owner, wereLive);
  const counts = new Map<string, number>();
  const count = (tag: string, by: number) => counts.set(tag, (counts.get(tag) ?? 0) + by);
  for (const tag of had) count(tag, -1);
  const added = notes.flatMap(({ row, derived }) => (derived ? [{ row, derived }] : []));
  for (const { derived } of added) for (const { tag } of derived.tags) count(tag, 1);

  // A note that goes to the trash keeps its tags.
  const old = notes.filter(({ isNew }) => isNew !== true);
  const retagged = old.filter(({ derived }) => derived !== undefined);
  const hidden = notes.flatMap(({ row, derived }) => (derived === undefined ? [row] : []));
  const remove = (table: string, from: Indexed[]) => {
    const numbers = from.map(({ row }) => row.number);
    return (
      numbers.length > 0 && query.query(`DELETE FROM ${table} WHERE owner = $1 AND note = ANY ($2)`, [owner, numbers])
    );
  };
  const insert = (table: string, columns: Record<string, string>, rows: Record<string, unknown>[]) =>
    rows.length > 0 && query.query(insertSql(owner, table, columns, rows));
  const path = { key: "text", path: "text", note: "bigint", folder: "text" };
  const text = { title: "text", body: "text", signs: "text", tags: "text" };
  await Promise.all([
    ...["links", "names", "words"].map((table) => remove(table, old)),
    ...["note_tags", "listed"].map((table) => remove(table, retagged)),
    hidden.length > 0 &&
      query.query(
        `UPDATE listed l SET trashed = true, seq = now.seq FROM unnest($2::bigint[], $3::bigint[]) AS now (note, seq)
         WHERE l.owner = $1 AND l.note = now.note`,
        [owner, hidden.map(({ number }) => number), hidden.map(({ seq }) => seq)],
      ),
    insert(
      "names",
      { ...path, own: "text", kind: "int" },
      added.flatMap(({ row: { number: note }, derived: { names, folderKey: folder } }) => {
        const id = idOf(note);
        return [...names, { key: id, own: id, path: id, kind: 1 }].map((name) => ({ ...name, note, folder }));
      }),
    ),
    insert(
      "links",
      path,
      added.flatMap(({ row: { number: note }, derived: { links, folderKey: folder } }) =>
        links.map((link) => ({ ...link, note, folder })),
      ),
    ),
    addTags(query, owner, added, false),
    insert(
      "words",
      { note: "bigint", ...text, cut: "boolean", found: "tsvector" },
      added.map(({ row, derived }) => wordsRow(owner, row.number, derived.words)),
    ),
    countTags(query, owner, counts),
  ]);
}

/** The tags of notes, and the lists they stand in. */
export async function addTags(
  query: Query,
  owner: number,
  notes: { row: Indexed["row"]; derived: Derived }[],
  trashed: boolean,
): Promise<void> {
  const tags = notes.flatMap(({ row, derived }) => derived.tags.map((tag) => ({ ...tag, note: row.number })));
  const lists = notes.flatMap(({ row: { number: note, folder, seq }, derived }) =>
    listsOf(folder, derived.tags).map((list) => ({ list, trashed, note, seq })),
  );
  const listColumns = { list: "text", trashed: "boolean", note: "bigint", seq: "bigint" };
  await Promise.all([
    tags.length > 0 && query.query(insertSql(owner, "note_tags", { key: "text", note: "bigint", tag: "text" }, tags)),
    lists.length > 0 && query.query(insertSql(owner, "listed", listColumns, lists)),
  ]);
}

async function tagsOf(query: Query, owner: number, notes: number[]): Promise<string[]> {
  const { rows } = await query.query("SELECT tag FROM note_tags WHERE owner = $1 AND note = ANY ($2)", [owner, notes]);
  return rows.map(({ tag }) => tag);
}

async function countTags(query: Query, owner: number, counts: Map<string, number>): Promise<void> {
  const changed = entriesOf(counts, "tag");
  if (changed.length === 0) return;
  const then = "ON CONFLICT (owner, tag) DO UPDATE SET notes = tags.notes + excluded.notes";
  await Promise.all([
    query.query(insertSql(owner, "tags", { tag: "text", notes: "bigint" }, changed, then)),
    query.query("DELETE FROM tags WHERE owner = $1 AND tag = ANY ($2) AND notes <= 0", [
      owner,
      changed.map(({ tag }) => tag),
    ]),
  ]);
}

/** Live notes in folders, as they come and go. */
export async function countFolders(
  query: Query,
  owner: number,
  moves: { folder: string; by: number }[],
): Promise<void> {
  const counts = new Map<string, number>();
  for (const { folder, by } of moves) counts.set(folder, (counts.get(folder) ?? 0) + by);
  const changed = entriesOf(counts, "folder");
  if (changed.length === 0) return;
  const then = "ON CONFLICT (owner, md5(folder)) DO UPDATE SET notes = folders.notes + excluded.notes";
  const left = changed.flatMap(({ folder, notes }) => (notes < 0 ? [folder] : []));
  await Promise.all([
    query.query(insertSql(owner, "folders", { folder: "text", notes: "bigint" }, changed, then)),
    left.length > 0 &&
      query.query(
        `DELETE FROM folders WHERE owner = $1 AND folder = ANY ($2) AND notes <= 0
         AND md5(folder) = ANY (ARRAY(SELECT md5(f) FROM unnest($2::text[]) f))`,
        [owner, left],
      ),
  ]);
}

/** What has changed in number. */
const entriesOf = <Name extends string>(counts: Map<string, number>, name: Name) =>
  [...counts].flatMap(([key, notes]) =>
    notes === 0 ? [] : [{ [name]: key, notes } as Record<Name, string> & { notes: number }],
  );
