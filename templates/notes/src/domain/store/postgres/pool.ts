import { setTimeout as pause } from "node:timers/promises";
import type { Client, ClientConfig, Pool, PoolClient } from "pg";
import { NotesError } from "../../errors.ts";
import { cancel, streamOf } from "./cancel.ts";
import { isLost, outcomeUnknown, toNotesError } from "./failure.ts";
import { watchOver } from "./heartbeat.ts";

export interface PoolOptions {
  /** Connections at most. */
  connections: number;
  /** How long a call may wait for a connection, or for a database that restarts, in milliseconds. */
  budgetMs: number;
  /** How long one statement may take, in milliseconds. */
  statementMs: number;
}

/** How long a server may say nothing past the longest statement, or once it was asked to end one, in milliseconds. */
const SILENCE_MS = 2_000;

export type Query = Pick<PoolClient, "query">;

interface Limits {
  /** Ends what runs, on the server too; not once COMMIT has been sent. */
  signal?: AbortSignal | undefined;
  /** For one statement, and for a lock it waits for, in milliseconds. @default statementMs, and budgetMs for a lock */
  longestMs?: number;
}

/** The connections of one process to its database. No wait is without a limit, also where the server stands still. */
export interface Database {
  /** Runs what only reads, again where a connection was lost. */
  read: <T>(run: (query: Query) => Promise<T>, limits?: Limits) => Promise<T>;
  /** Runs a transaction and commits what answers with `true` first. What was lost before COMMIT is run again. */
  change: <T>(run: (query: Query) => Promise<[commit: boolean, T]>, limits?: Limits) => Promise<T>;
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
    // Statements that do not wait for one another's results go out together: a change is a few trips instead of fifteen.
    pipeline: true,
  };
}

/** Without listeners a server that ends takes this process with it. One that stands still does not keep a line open. */
function tame(client: Client | PoolClient): void {
  client.on("error", () => {});
  const stream = streamOf(client);
  stream.on("finish", () => stream.setTimeout(SILENCE_MS, () => stream.destroy()));
}

export async function openPool(url: string, options: PoolOptions): Promise<Database> {
  const { default: pg } = await import("pg");
  const config = await configOf(url, options);
  const pool: Pool = new pg.Pool({ ...config, max: options.connections, idleTimeoutMillis: 30_000 });
  pool.on("error", () => {});
  pool.on("connect", tame);
  let closed = false;

  async function connect(): Promise<Client> {
    const client = new pg.Client(config);
    tame(client);
    await client.connect();
    return client;
  }

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
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    try {
      return await Promise.race([waiting, aborted]);
    } catch (error) {
      if (signal.aborted)
        waiting.then(
          (client) => client.release(),
          () => {},
        );
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /**
   * Lends a connection. One that says nothing for longer than any statement takes is cut: a machine that has vanished would
   * be waited for as long as the system keeps a line open, which is hours. One whose statement was ended goes: an end
   * that comes late would be another call's.
   */
  async function use<T>(
    run: (client: PoolClient, decided: () => void) => Promise<[broken: boolean, T]>,
    { signal, longestMs = options.statementMs }: Limits = {},
  ): Promise<T> {
    const client = await acquire(signal);
    const stream = streamOf(client);
    const cut = () => stream.destroy(new Error("Connection terminated: no answer"));
    stream.setTimeout(longestMs + SILENCE_MS, cut);
    let cancelled: Promise<void> | undefined;
    const abort = () => {
      stream.setTimeout(SILENCE_MS);
      cancelled = cancel(client, SILENCE_MS);
    };
    const unwatch = longestMs > options.statementMs ? watchOver(client, connect, options.budgetMs) : undefined;
    const decided = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort);
    let broken = true;
    try {
      signal?.throwIfAborted();
      const [isBroken, result] = await run(client, decided);
      broken = isBroken;
      return result;
    } finally {
      decided();
      await cancelled;
      unwatch?.();
      stream.setTimeout(0);
      stream.off("timeout", cut);
      client.release(broken || cancelled !== undefined);
    }
  }

  const transaction = <T>(run: (query: Query) => Promise<[boolean, T]>, limits: Limits = {}): Promise<T> =>
    use(async (client, decided) => {
      const { signal, longestMs } = limits;
      let committing = false;
      try {
        const local = `; SET LOCAL statement_timeout = ${longestMs}; SET LOCAL lock_timeout = ${longestMs}`;
        const begun = client.query(`BEGIN${longestMs === undefined ? "" : local}`);
        begun.catch(() => {}); // what follows at once fails with it
        const [commit, result] = await run(client);
        await begun;
        signal?.throwIfAborted();
        decided();
        committing = commit;
        await client.query(commit ? "COMMIT" : "ROLLBACK");
        return [false, result];
      } catch (error) {
        throw committing && isLost(error) ? outcomeUnknown(error) : error;
      }
    }, limits);

  return {
    read: (run, limits) => patiently(() => use(async (client) => [false, await run(client)], limits), limits?.signal),
    change: (run, limits) => patiently(() => transaction(run, limits), limits?.signal),
    connect,
    async close() {
      if (closed) return;
      closed = true;
      await pool.end();
    },
  };
}
