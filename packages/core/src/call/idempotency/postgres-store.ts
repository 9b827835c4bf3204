import type { IdempotencyRecord, IdempotencyStore } from "../../contract/idempotency.ts";

/** What is needed of a Postgres: the `query` of a `Pool` of the package `pg`, for one. */
export interface PostgresQuery {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Claims between two rounds of taking away what has expired. */
const SWEEP_EVERY = 1_000;

/**
 * Keeps the answers of keyed calls in a table that all instances share: a key used at one of them is known at the others,
 * and a call that repeats one which runs elsewhere waits for it. The table is made where there is none.
 *
 * @example defineServer({ …, idempotencyStore: createPostgresIdempotencyStore(new pg.Pool({ connectionString })) })
 */
export function createPostgresIdempotencyStore(
  database: PostgresQuery,
  { table = "idempotency_keys" }: { table?: string | undefined } = {},
): IdempotencyStore {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(table)) throw new TypeError(`${JSON.stringify(table)} is no name of a table`);
  let claims = 0;
  let made: Promise<unknown> | undefined;

  const make = () =>
    database
      .query(
        `CREATE TABLE IF NOT EXISTS ${table} (key text PRIMARY KEY, input text NOT NULL, answer text,
         lease_until float8 NOT NULL, expires_at float8 NOT NULL)`,
      )
      .catch((error: { code?: unknown }) => {
        // Two instances that start at once may both find none; the other one has made it.
        if (error.code !== "23505" && error.code !== "42P07") throw error;
      });
  const query = async (text: string, values: unknown[]): Promise<Record<string, unknown>[]> => {
    made ??= make();
    await made.catch((error: unknown) => {
      made = undefined; // the next call tries again
      throw error;
    });
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
