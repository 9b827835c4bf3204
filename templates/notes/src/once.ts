import type { z } from "zod";
import { type Config, foldersOf, storeOf } from "./config.ts";
import { NotesError } from "./domain/errors.ts";
import { backUp } from "./domain/store/backup.ts";

/** Does what a flag asks for instead of serving, and says what came of it; undefined where no flag does. */
export async function runOnce(config: z.output<typeof Config>): Promise<string | undefined> {
  const { backup, migrateFrom } = config;
  if (migrateFrom !== undefined) {
    const where = storeOf(config);
    if (where.store !== "postgres")
      throw new NotesError("refused", "--migrate-from copies into Postgres: add --store postgres and --database-url.");
    const { copyFromSqlite } = await import("./domain/store/postgres/copy.ts");
    const { notes, revisions, attachments, owners } = await copyFromSqlite(migrateFrom, where.databaseUrl);
    const whose = owners === 0 ? "" : ` of ${owners} owners and of all`;
    return `${notes} notes${whose}, ${revisions} earlier versions and ${attachments} attachments were copied and compared.`;
  }
  if (backup === undefined) return undefined;
  if (config.store === "postgres")
    throw new NotesError(
      "refused",
      "--backup copies a folder. Back up a Postgres with pg_dump, or as its host does it.",
    );
  const { folder, notes, bytes } = await backUp(foldersOf(config).data, backup);
  return `${notes} notes (${bytes} bytes) are in ${folder}. Start a server on them with --data.`;
}
