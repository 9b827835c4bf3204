import { setTimeout as pause } from "node:timers/promises";
import type { Client, ClientConfig, Pool, PoolClient } from "pg";
import { NotesError } from "../../errors.ts";
import { isLost, outcomeUnknown, toNotesError } from "./failure.ts";

export interface PoolOptions {
  /** Connections at most. */
  connections: number;
  /** How long a call may wait for a connection, or for a database that restarts, in milliseconds. */
  budgetMs: number;
  /** How long one statement may take, in milliseconds. */
  statementMs: number;
}

export type Query = Pick<PoolClient, "query">;

/** The connections of one process to its database. */
export interface Database {
  /** Runs what only reads, again where a connection was lost. */
  read: <T>(run: (query: Query) => Promise<T>) => Promise<T>;
  /**
   * Runs a transaction and commits what answers with `true` first. What was lost before COMMIT is run again. An abort ends
   * it on the server too, until COMMIT has been sent.
   */
  change: <T>(run: (query: Query) => Promise<[commit: boolean, T]>, signal?: AbortSignal) => Promise<T>;
  /** A connection outside the pool, which its caller ends. */
  connect: () => Promise<Client>;
  close: () => Promise<void>;
}

/** Numbers as numbers, on the connections of this pool alone. No counter here comes near 2^53. */
async function configOf(url: string, { statementMs, budgetMs }: PoolOptions): Promise<ClientConfig> {
  const { default: pg } = await import("pg");
  const types = {
    getTypeParser: (oid: number, format?: "text" | "binary") =>
      oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
  };
  return {
    connectionString: url,
    types: types as NonNullable<ClientConfig["types"]>,
    application_name: "offshoot-notes",
    connectionTimeoutMillis: budgetMs,
    // Not `query_timeout`: it stops waiting, and the next query of the connection waits behind the one that goes on.
    statement_timeout: statementMs,
    lock_timeout: budgetMs,
    idle_in_transaction_session_timeout: statementMs,
    keepAlive: true,
  };
}

export async function openPool(url: string, options: PoolOptions): Promise<Database> {
  const { default: pg } = await import("pg");
  const config = await configOf(url, options);
  const pool: Pool = new pg.Pool({ ...config, max: options.connections, idleTimeoutMillis: 30_000 });
  // Without listeners a server that ends takes this process with it: of an idle connection, and of one in use.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  let closed = false;

  /** Waits out a restart of the database; a call that finds it gone for longer is refused. */
  async function patiently<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const until = performance.now() + options.budgetMs;
    for (let ceiling = 20; ; ceiling = Math.min(ceiling * 2, 500)) {
      signal?.throwIfAborted();
      if (closed) throw new NotesError("closed", "The notes are closed: the server is stopping.");
      try {
        return await attempt();
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (!isLost(error) || performance.now() >= until) throw toNotesError(error);
      }
      await pause(Math.random() * ceiling, undefined, signal && { signal });
    }
  }

  /** A connection; one that comes after its caller has given up goes back. */
  async function acquire(signal?: AbortSignal): Promise<PoolClient> {
    const waiting = pool.connect();
    if (signal === undefined) return waiting;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    try {
      return await Promise.race([waiting, aborted]);
    } catch (error) {
      if (signal.aborted)
        waiting.then(
          (client) => client.release(),
          () => {},
        );
      throw error;
    }
  }

  async function cancel(client: PoolClient): Promise<void> {
    const other = new pg.Client(config);
    other.on("error", () => {});
    try {
      await other.connect();
      await other.query("SELECT pg_cancel_backend($1)", [(client as PoolClient & { processID: number }).processID]);
    } catch {
      // The statement ends by its timeout then.
    } finally {
      await other.end().catch(() => {});
    }
  }

  async function attempt<T>(run: (query: Query) => Promise<[boolean, T]>, signal?: AbortSignal): Promise<T> {
    const client = await acquire(signal);
    let committing = false;
    let broken: Promise<void> | undefined;
    const abort = () => {
      if (!committing) broken = cancel(client);
    };
    signal?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      await client.query("BEGIN");
      const [commit, result] = await run(client);
      signal?.throwIfAborted();
      committing = commit;
      await client.query(commit ? "COMMIT" : "ROLLBACK");
      return result;
    } catch (error) {
      broken ??= isLost(error) ? Promise.resolve() : undefined;
      if (committing && isLost(error)) throw outcomeUnknown(error);
      if (broken === undefined) await client.query("ROLLBACK").catch(() => (broken = Promise.resolve()));
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
      // A connection that was aborted goes: a cancel that comes late would end another call's statement.
      await broken;
      client.release(broken !== undefined);
    }
  }

  return {
    read: (run) => patiently(() => run(pool)),
    change: (run, signal) => patiently(() => attempt(run, signal), signal),
    async connect() {
      const client = new pg.Client({ ...config, statement_timeout: 0, lock_timeout: 0 });
      client.on("error", () => {});
      await client.connect();
      return client;
    },
    async close() {
      if (closed) return;
      closed = true;
      await pool.end();
    },
  };
}
