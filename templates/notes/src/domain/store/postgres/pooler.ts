import { NotesError } from "../../errors.ts";
import { processOf } from "./cancel.ts";
import type { Database } from "./pool.ts";

/**
 * Refuses a pooler such as PgBouncer between this server and its database. With a connection for each transaction, notices
 * of changes are lost; with one for each session, the time limits are refused or dropped on the way.
 */
export const poolerError = (cause?: unknown): NotesError =>
  new NotesError(
    "refused",
    "Between this server and its database is a pooler, such as PgBouncer: time limits and notices of changes do not pass it. Nothing was changed. Name the database's own address in --database-url: a server keeps at most 11 connections.",
    { cause },
  );

/** Behind a pooler the process that a connection was told of is not the one that answers. */
export const refusePooler = ({ read }: Database): Promise<void> =>
  read(async (query) => {
    const { rows } = await query.query("SELECT pg_backend_pid() AS pid");
    if (rows[0].pid !== processOf(query)) throw poolerError();
  });
