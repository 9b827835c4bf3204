import type { IdempotencyRecord, IdempotencyStore } from "../../contract/idempotency.ts";

/** What is needed of a Postgres: the `query` of a `Pool` of the package `pg`, for one. */
export interface PostgresQuery {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

const UNDEFINED_TABLE = "42P01";
const UNDEFINED_COLUMN = "42703";

/** Claims between two rounds of taking away what has expired. */
const SWEEP_EVERY = 1_000;

/**
 * Keeps the answers of keyed calls in a table that all instances share: a key used at one of them is known at the others,
 * and a call that repeats one which runs elsewhere waits for it. The table is made with the first key where there is none;
 * where an operator has made it, SELECT, INSERT, UPDATE and DELETE on it are enough.
 *
 * @example defineServer({ …, idempotencyStore: createPostgresIdempotencyStore(new pg.Pool({ connectionString })) })
 */
export function createPostgresIdempotencyStore(
  database: PostgresQuery,
  { table = "idempotency_keys" }: { table?: string | undefined } = {},
): IdempotencyStore {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(table)) throw new TypeError(`${JSON.stringify(table)} is no name of a table`);
  let claims = 0;
  let ready: Promise<void> | undefined;

  const query = async (text: string, values: unknown[]): Promise<Record<string, unknown>[]> => {
    ready ??= openTable(database, table).catch((error: unknown) => {
      ready = undefined; // the next call tries again
      throw error;
    });
    await ready;
    return (await database.query(text, values)).rows;
  };

  return {
    async begin({ key, input, now, expiresAt, leaseUntil }): Promise<IdempotencyRecord | undefined> {
      claims += 1;
      if (claims % SWEEP_EVERY === 0) await query(`DELETE FROM ${table} WHERE expires_at <= $1`, [now]);
      for (;;) {
        // One statement: of two instances that claim at once, one gets a row.
        const claimed = await query(
          `INSERT INTO ${table} AS kept (key, input, lease_until, expires_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (key) DO UPDATE SET input = excluded.input, answer = NULL,
             lease_until = excluded.lease_until, expires_at = excluded.expires_at
           WHERE kept.expires_at <= $5 RETURNING key`,
          [key, input, leaseUntil, expiresAt, now],
        );
        if (claimed.length > 0) return undefined;
        const [row] = await query(`SELECT input, answer, lease_until FROM ${table} WHERE key = $1`, [key]);
        // Without a row it was given back in between.
        if (row !== undefined)
          return {
            input: String(row.input),
            answer: row.answer === null ? undefined : String(row.answer),
            leaseUntil: Number(row.lease_until),
          };
      }
    },
    async finish(key, answer) {
      await query(`UPDATE ${table} SET answer = $2 WHERE key = $1`, [key, answer]);
    },
    async release(key) {
      await query(`DELETE FROM ${table} WHERE key = $1`, [key]);
    },
  };
}

/** Makes the table where it is missing, which takes the right to; one that is there takes only the right to use it. */
async function openTable(database: PostgresQuery, table: string): Promise<void> {
  if (await isThere(database, table)) return;
  try {
    await database.query(
      `CREATE TABLE IF NOT EXISTS ${table} (key text PRIMARY KEY, input text NOT NULL, answer text,
       lease_until float8 NOT NULL, expires_at float8 NOT NULL)`,
    );
  } catch (error) {
    // IF NOT EXISTS is no lock: of instances that create at once, some fail, each with one of several codes.
    if (!(await isThere(database, table))) throw error;
  }
}

/** @throws Error where the table is another one, or cannot be looked at */
async function isThere(database: PostgresQuery, table: string): Promise<boolean> {
  try {
    await database.query(`SELECT key, input, answer, lease_until, expires_at FROM ${table} LIMIT 0`);
    return true;
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    if (code === UNDEFINED_TABLE) return false;
    if (code !== UNDEFINED_COLUMN) throw cause;
    const next = "name one of its own with the option `table`.";
    throw new Error(`The table ${table} is not one of idempotency keys (${message}): ${next}`, { cause });
  }
}
