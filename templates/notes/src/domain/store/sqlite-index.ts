import type { DatabaseSync } from "node:sqlite";
import { idOf } from "../note.ts";
import { listsOf } from "./listed.ts";
import { writing } from "./statement.ts";
import type { Derived, NoteHead } from "./store.ts";

/** What a note's places in lists depend on. */
type Placed = Pick<NoteHead, "number" | "folder" | "seq">;

/**
 * What is kept beside live notes, so that they are found. A note in the trash keeps its tags, uncounted, and its
 * places in the lists of the trash.
 */
export function createIndex(db: DatabaseSync) {
  const sql = {
    dropLinks: writing(db, "DELETE FROM links WHERE note = ?"),
    addLink: writing(db, "INSERT OR IGNORE INTO links (key, path, note, folder) VALUES (?, ?, ?, ?)"),
    dropNames: writing(db, "DELETE FROM names WHERE note = ?"),
    addName: writing(db, "INSERT OR IGNORE INTO names (key, path, note, own, folder, kind) VALUES (?, ?, ?, ?, ?, ?)"),
    tags: db.prepare("SELECT key, tag FROM note_tags WHERE note = ?"),
    dropTags: writing(db, "DELETE FROM note_tags WHERE note = ?"),
    addTag: writing(db, "INSERT INTO note_tags (key, note, tag) VALUES (?, ?, ?)"),
    countTag: writing(db, "INSERT INTO tags VALUES (?, ?) ON CONFLICT DO UPDATE SET notes = notes + excluded.notes"),
    dropTag: writing(db, "DELETE FROM tags WHERE tag = ? AND notes <= 0"),
    dropWords: writing(db, "DELETE FROM words WHERE rowid = ?"),
    list: writing(db, "INSERT INTO listed (list, trashed, note, seq) VALUES (?, ?, ?, ?)"),
    unlist: writing(db, "DELETE FROM listed WHERE note = ?"),
    listTrashed: writing(db, "UPDATE listed SET trashed = 1, seq = ? WHERE note = ?"),
    addWords: writing(db, "INSERT INTO words (rowid, title, body, signs, tags) VALUES (?, ?, ?, ?, ?)"),
  };

  function count(tag: unknown, notes: 1 | -1) {
    sql.countTag.run(String(tag), notes);
    if (notes < 0) sql.dropTag.run(String(tag));
  }

  function drop(number: number, wasLive: boolean) {
    sql.dropLinks.run(number);
    sql.dropNames.run(number);
    sql.dropWords.run(number);
    if (wasLive) for (const { tag } of sql.tags.all(number)) count(tag, -1);
  }

  function list({ number, folder, seq }: Placed, tags: Derived["tags"], trashed: 0 | 1) {
    for (const name of listsOf(folder, tags)) sql.list.run(name, trashed, number, seq);
  }

  function add(note: Placed, { folderKey, names, links, tags, words }: Derived) {
    const { number } = note;
    const id = idOf(number);
    for (const { key, path, own, kind } of [...names, { key: id, path: id, own: id, kind: 1 }])
      sql.addName.run(key, path, number, own, folderKey, kind);
    for (const { key, path } of links) sql.addLink.run(key, path, number, folderKey);
    for (const { key, tag } of tags) {
      sql.addTag.run(key, number, tag);
      count(tag, 1);
    }
    list(note, tags, 0);
    sql.addWords.run(number, words.title, words.body, words.signs, words.tags);
  }

  return {
    add,
    /** A note in the trash, of which nothing is kept yet. */
    addTrashed(note: Placed, { tags }: Derived) {
      for (const { key, tag } of tags) sql.addTag.run(key, note.number, tag);
      list(note, tags, 1);
    },
    /** For a note that goes to the trash. */
    hide({ number, seq }: Placed) {
      drop(number, true);
      sql.listTrashed.run(seq, number);
    },
    replace(note: Placed, derived: Derived, wasLive: boolean) {
      drop(note.number, wasLive);
      sql.dropTags.run(note.number);
      sql.unlist.run(note.number);
      add(note, derived);
    },
  };
}
