import type { DatabaseSync } from "node:sqlite";
import { idOf } from "../note.ts";
import { writing } from "./statement.ts";
import type { Derived } from "./store.ts";

/** What is kept beside live notes, so that they are found. A note in the trash keeps its tags, uncounted. */
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

  function add(number: number, { folderKey, names, links, tags, words }: Derived) {
    const id = idOf(number);
    for (const { key, path, own, kind } of [...names, { key: id, path: id, own: id, kind: 1 }])
      sql.addName.run(key, path, number, own, folderKey, kind);
    for (const { key, path } of links) sql.addLink.run(key, path, number, folderKey);
    for (const { key, tag } of tags) {
      sql.addTag.run(key, number, tag);
      count(tag, 1);
    }
    sql.addWords.run(number, words.title, words.body, words.signs, words.tags);
  }

  return {
    add,
    /** For a note that goes to the trash. */
    hide: (number: number) => drop(number, true),
    replace(number: number, derived: Derived, wasLive: boolean) {
      drop(number, wasLive);
      sql.dropTags.run(number);
      add(number, derived);
    },
  };
}
