import { NotesError } from "../../errors.ts";
import { migrations, newerSchema } from "./migrations.ts";
import type { Database, Query } from "./pool.ts";

/** "Ofsn": the lock that instances which start at once take in turn. */
const migrationLock = 0x4f66736e;

/** How long one version may take, or be waited for, in milliseconds. */
const LONGEST_MS = 600_000;

/** Brings the schema up to date, one transaction a version: a crash leaves the old version or the new one. */
export async function migrate({ read, change }: Database, steps: readonly string[] = migrations): Promise<void> {
  // Nearly every start: nothing to do, and no lock that another server might hold.
  if ((await read(schemaOf)) === steps.length) return;
  const step = (query: Query) => migrateOnce(query, steps);
  try {
    while (await change(step, { longestMs: LONGEST_MS })) {}
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "42P07")) throw error;
    throw new NotesError(
      "refused",
      "The database has tables of another application with the same names. Nothing was changed: name a database of its own with --database-url.",
      { cause: error },
    );
  }
}

/** @returns false where there was nothing left to do */
async function migrateOnce(query: Query, steps: readonly string[]): Promise<[commit: boolean, more: boolean]> {
  await query.query("SELECT pg_advisory_xact_lock($1)", [migrationLock]);
  const version = await schemaOf(query);
  if (version > steps.length) throw newerSchema(version);
  const step = steps[version];
  if (step === undefined) return [false, false];
  // Changes of older servers wait, and are refused then: what a step makes from the notes would miss theirs. Reads go on.
  if (version > 0) await query.query("LOCK TABLE owners IN EXCLUSIVE MODE");
  await query.query(`${step}; UPDATE meta SET schema = ${version + 1}`);
  return [true, true];
}

async function schemaOf(query: Query): Promise<number> {
  // Not to_regclass: within a transaction it answers from before the wait for the lock.
  const { rows } = await query.query(
    "SELECT FROM pg_catalog.pg_class WHERE relname = 'meta' AND pg_catalog.pg_table_is_visible(oid)",
  );
  if (rows.length === 0) return 0;
  const meta = await query.query("SELECT schema FROM meta");
  return meta.rows[0]?.schema;
}
