import { createHash } from "node:crypto";
import type { Database, Query } from "./pool.ts";

/** The number of an owner, who is made where there is none. A digest is what an owner's folder of SQLite ends in. */
export async function findOwner(
  { read, change }: Database,
  name: string,
  digest = createHash("sha256").update(name).digest("hex").slice(0, 32),
): Promise<number> {
  const find = async (query: Query): Promise<number | undefined> =>
    (await query.query("SELECT owner FROM owners WHERE digest = $1", [digest])).rows[0]?.owner;
  const found = await read(find);
  if (found !== undefined) return found;
  const add = "INSERT INTO owners (name, digest) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";
  await change(async (query) => [true, await query.query(add, [name, digest])]);
  return (await read(find)) ?? 0;
}
