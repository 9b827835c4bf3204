import { homedir } from "node:os";
import { join } from "node:path";
import { SettingsError, secretSetting } from "@offshoot/core/serve";
import { z } from "zod";
import { limits } from "./domain/note.ts";

/** Another in each environment: `offshoot promote` leaves these alone. */
const perEnvironment = { perEnvironment: true };

/** Every setting of its own; the ones all servers share (transport, port, log level, …) come from core. */
export const Config = z.object({
  store: z
    .enum(["sqlite", "postgres", "memory"])
    .default("sqlite")
    .describe("Where notes are kept; memory forgets them at the end"),
  databaseUrl: secretSetting()
    .optional()
    .describe("Where the address of the Postgres is: env:NAME or file:/path; see the README for what it may hold")
    .meta({ secret: true, ...perEnvironment }),
  data: z
    .string()
    .min(1)
    .optional()
    .describe("Folder of the database (default: the system's folder for an app's data)")
    .meta(perEnvironment),
  exchange: z
    .string()
    .min(1)
    .optional()
    .describe("Folder below which import_notes and export_notes work (default: exchange in the data folder)")
    .meta(perEnvironment),
  maxNotes: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(limits.notes)
    .describe("Notes there may be, those in the trash not counted"),
  shared: z
    .stringbool()
    .default(false)
    .describe("One common store for all callers; otherwise each authenticated caller has notes of its own"),
  backup: z
    .string()
    .min(1)
    .optional()
    .describe("Copy the database to this new folder, also while servers run, and exit; --data starts from it")
    .meta(perEnvironment),
  migrateFrom: z
    .string()
    .min(1)
    .optional()
    .describe("Copy the notes that SQLite keeps in this folder into an empty Postgres, compare them, and exit")
    .meta(perEnvironment),
});

export const examples = [
  ["offshoot-notes", "notes of this user, for a client that starts the server"],
  ["offshoot-notes --data ./notes", "notes in a folder of your own"],
  ["offshoot-notes --store memory --transport http --port 3000", "try it over HTTP; nothing is kept"],
  ["offshoot-notes --store postgres --database-url file:/run/secrets/notes", "notes that several servers share"],
  ["offshoot-notes --transport http --shared", "one store for a team: every caller sees every note"],
  ["offshoot-notes --backup ~/notes-of-today", "copy every note and revision, while servers go on"],
  ["offshoot-notes --profile read-only", "without the tools that change something"],
] as const;

/** Where the notes are. @throws SettingsError without the address that Postgres needs */
export function storeOf(config: z.output<typeof Config>) {
  const { store, databaseUrl } = config;
  if (store !== "postgres") return { store, data: foldersOf(config).data };
  if (databaseUrl !== undefined) return { store, databaseUrl: databaseUrl.reveal() };
  throw new SettingsError("--store postgres needs --database-url, such as --database-url env:NOTES_DATABASE_URL.");
}

/** The folders a server works in. */
export function foldersOf({ data = dataFolder(), exchange = join(data, "exchange") }: z.output<typeof Config>) {
  return { data, exchange };
}

function dataFolder(): string {
  const { XDG_DATA_HOME, APPDATA } = process.env;
  const app = "offshoot-notes";
  if (process.platform === "win32") return join(APPDATA ?? join(homedir(), "AppData", "Roaming"), app);
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", app);
  return join(XDG_DATA_HOME || join(homedir(), ".local", "share"), app);
}
