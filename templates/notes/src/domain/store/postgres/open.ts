import { NotesError } from "../../errors.ts";
import { limits } from "../../note.ts";
import type { NoteStore } from "../store.ts";
import { toNotesError } from "./failure.ts";
import { createListener } from "./listen.ts";
import { migrate } from "./migrate.ts";
import { findOwner } from "./owners.ts";
import { openPool } from "./pool.ts";
import { refusePooler } from "./pooler.ts";
import { createProblem } from "./problem.ts";
import { reindex } from "./reindex.ts";
import { createPostgresStore } from "./store.ts";

export interface PostgresOptions {
  /** Connections of this process at most, one more for notices not counted. @default 10 */
  connections?: number;
  /** How long a call waits for a connection, a lock, or a database that restarts, in milliseconds. @default 5,000 */
  budgetMs?: number;
  /** How long one statement may take, in milliseconds. @default 30,000 */
  statementMs?: number;
  /** @default 5,000 */
  pollMs?: number;
  /** Live notes there may be. @default 1,000,000 */
  most?: number;
  /** Notes that a page of orphans looks at, and links that one of broken links does. @default 20,000 */
  looked?: number;
}

/**
 * Opens the notes of a database, and makes or renews its tables. `url` is an address such as
 * postgres://user:password@host/database. What cannot be reached, is not let in or is newer than this server is a
 * NotesError; no message holds the address.
 */
export async function openPostgresStore(url: string, options: PostgresOptions = {}): Promise<NoteStore> {
  const {
    connections = 10,
    budgetMs = 5_000,
    statementMs = 30_000,
    pollMs = 5_000,
    most = limits.notes,
    looked = 20_000,
  } = options;
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new NotesError(
      "invalid",
      "The address of the database has to begin with postgres://, such as postgres://user:password@host/database.",
    );
  }
  const database = await openPool(url, { connections, budgetMs, statementMs });
  const listener = createListener(database, pollMs);
  const problem = createProblem(database, 2 * budgetMs);
  const open = async (name: string, close = async () => {}): Promise<NoteStore> => {
    const owner = await findOwner(database, name);
    const store = createPostgresStore(
      { database, listener, owner },
      { budgetMs, most: { live: most, looked }, problem, of: (other) => open(other), close },
    );
    return store;
  };
  try {
    await refusePooler(database);
    await migrate(database);
    await reindex(database);
    return await open("", database.close);
  } catch (error) {
    await database.close();
    throw toNotesError(error);
  }
}
