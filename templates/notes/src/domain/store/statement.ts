import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * A statement that writes. Every run answers with the last rowid of the connection: the full-text index has rowids of its
 * own that a number cannot hold, and Node 26 throws for one, after the work is done.
 */
export function writing(db: DatabaseSync, text: string): StatementSync {
  const statement = db.prepare(text);
  statement.setReadBigInts(true);
  return statement;
}
