import { NotesError } from "../errors.ts";

const primary = {
  permission: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
};

/** SQLite's result code without its extension, or undefined for an error of another kind. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** What the system calls a failure to use a file or folder, such as EACCES. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}

export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === primary.busy || code === primary.locked;
}

/** What an error of SQLite means for the caller. Errors that no caller can expect come back as they are. */
export function toNotesError(error: unknown): unknown {
  const options = { cause: error };
  switch (resultCode(error)) {
    case primary.corrupt:
    case primary.notDatabase:
      return new NotesError("damaged", "The notes database is damaged. Stop the server and restore a backup.", options);
    case primary.full:
    case primary.io:
    case primary.permission:
    case primary.readonly:
    case primary.cannotOpen:
      return new NotesError(
        "storage",
        "The notes could not be read or written: the disk is full, read-only or failing. Free space, then try again.",
        options,
      );
    default:
      return error;
  }
}
