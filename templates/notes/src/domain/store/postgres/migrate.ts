import type { Client } from "pg";
import { NotesError } from "../../errors.ts";
import { migrations, newerSchema } from "./migrations.ts";
import type { Database } from "./pool.ts";

/** "Ofsn": the lock that instances which start at once take in turn. It is the connection's, and goes with it. */
const migrationLock = 0x4f66736e;

/** Brings the schema up to date, one transaction a version: a crash leaves the old version or the new one. */
export async function migrate(database: Database, steps: readonly string[] = migrations): Promise<void> {
  const client = await database.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [migrationLock]);
    for (let version = await schemaOf(client); version < steps.length; version++) {
      await client.query(`BEGIN; ${steps[version]}; UPDATE meta SET schema = ${version + 1}; COMMIT`);
    }
    const version = await schemaOf(client);
    if (version > steps.length) throw newerSchema(version);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "42P07")) throw error;
    throw new NotesError(
      "refused",
      "The database has tables of another application with the same names. Nothing was changed: name a database of its own with --database-url.",
      { cause: error },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function schemaOf(client: Client): Promise<number> {
  const { rows } = await client.query("SELECT to_regclass('meta') IS NOT NULL AS there");
  if (!rows[0]?.there) return 0;
  const meta = await client.query("SELECT schema FROM meta");
  return meta.rows[0]?.schema;
}
