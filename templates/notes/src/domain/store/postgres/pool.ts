import type { Socket } from "node:net";
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

/** Past the longest statement, how long a server may say nothing, in milliseconds. */
const SILENCE_MS = 2_000;

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

  /**
   * Lends a connection. One that says nothing for longer than any statement takes is cut: a machine that has vanished would
   * be waited for as long as the system keeps a line open, which is hours.
   */
  async function use<T>(run: (client: PoolClient) => Promise<[broken: boolean, T]>, signal?: AbortSignal): Promise<T> {
    const client = await acquire(signal);
    const { stream } = (client as PoolClient & { connection: { stream: Socket } }).connection;
    const cut = () => stream.destroy(new Error("Connection terminated: no answer"));
    stream.setTimeout(options.statementMs + SILENCE_MS, cut);
    let broken = true;
    try {
      const [isBroken, result] = await run(client);
      broken = isBroken;
      return result;
    } finally {
      stream.setTimeout(0);
      stream.off("timeout", cut);
      client.release(broken);
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

  /** A connection that failed goes: a cancel that comes late would end another call's statement. */
  const attempt = <T>(run: (query: Query) => Promise<[boolean, T]>, signal?: AbortSignal): Promise<T> =>
    use(async (client) => {
      let committing = false;
      let cancelled: Promise<void> | undefined;
      const abort = () => {
        if (!committing) cancelled = cancel(client);
      };
      signal?.addEventListener("abort", abort);
      try {
        signal?.throwIfAborted();
        await client.query("BEGIN");
        const [commit, result] = await run(client);
        signal?.throwIfAborted();
        committing = commit;
        await client.query(commit ? "COMMIT" : "ROLLBACK");
        return [false, result];
      } catch (error) {
        throw committing && isLost(error) ? outcomeUnknown(error) : error;
      } finally {
        signal?.removeEventListener("abort", abort);
        await cancelled;
      }
    }, signal);

  return {
    read: (run) => patiently(() => use(async (client) => [false, await run(client)])),
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
