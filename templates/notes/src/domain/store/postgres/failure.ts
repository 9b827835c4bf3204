import { NotesError } from "../../errors.ts";
import { poolerError } from "./pooler.ts";

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error ? String(error.code) : undefined;

/** The server ends, starts or has ended this connection; what it was doing is rolled back. */
const interrupted = new Set(
  "57P01 57P02 57P03 ECONNREFUSED ECONNRESET EPIPE ENOENT ENOTFOUND EAI_AGAIN EHOSTUNREACH ETIMEDOUT".split(" "),
);

/** Errors of `pg` itself have no code: it has lost the connection, or waited too long for one. */
const withoutCode =
  /connection (?:terminated|ended|error)|not queryable|timeout (?:exceeded|expired)|client was closed/i;

/** What PgBouncer says to the time limits, in the place of a database. */
const isPooler = (error: unknown): boolean =>
  codeOf(error) === "08P01" && error instanceof Error && error.message.includes("startup parameter");

/** Node's words for a certificate that is not trusted, or another's; and a server that speaks no TLS. */
const isUntrusted = (error: Error, code = ""): boolean =>
  /^(?:ERR_TLS_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/.test(code) || error.message.includes("does not support SSL");

/** Whether the connection is gone, so that the same may be tried on another one. */
export function isLost(error: unknown): boolean {
  const code = codeOf(error);
  if (isPooler(error)) return false;
  if (code !== undefined) return interrupted.has(code) || code.startsWith("08");
  return error instanceof Error && withoutCode.test(error.message);
}

/** What an error of the database means for the caller. Its own text may name hosts, users and values: it is the cause. */
export function toNotesError(error: unknown): unknown {
  if (error instanceof NotesError || !(error instanceof Error)) return error;
  if (isPooler(error)) return poolerError(error);
  const options = { cause: error };
  const code = codeOf(error);
  switch (code) {
    case "57014": // statement_timeout
    case "55P03": // lock_timeout
    case "25P03": // idle_in_transaction_session_timeout
    case "40P01":
    case "40001":
    case "53300": // too many connections
      return busy(error);
    case "53100": // disk full
    case "53200":
    case "25006": // read only, as a standby is
      return new NotesError(
        "storage",
        "The database takes no changes: it is full or read-only. Nothing was changed. Tell the user.",
        options,
      );
    case "28000":
    case "28P01":
    case "3D000":
    case "42501":
      return new NotesError(
        "refused",
        "The database does not let this server in, or not to its tables. Nothing was changed. Tell the user to check --database-url.",
        options,
      );
  }
  if (isUntrusted(error, code))
    return new NotesError(
      "refused",
      "The database does not prove that it is the one in --database-url. Nothing was changed. Tell the user to check the name in the address, and to name the certificate of a private authority with sslrootcert=/path/ca.pem in it.",
      options,
    );
  if (!isLost(error)) return error;
  return error.message.includes("timeout exceeded")
    ? new NotesError("busy", "All connections to the database are in use. Nothing was changed. Try again.", options)
    : new NotesError(
        "storage",
        "The database cannot be reached. Nothing was changed. Try again in a few seconds.",
        options,
      );
}

export const busy = (cause?: unknown): NotesError =>
  new NotesError("busy", "The database is too busy. Nothing was changed. Try again in a few seconds.", { cause });

/** The connection was lost between the wish to commit and the answer. */
export const outcomeUnknown = (cause: unknown): NotesError =>
  new NotesError(
    "storage",
    "The connection to the database was lost while the change was being saved: it may be done or not. Repeat the call with the same idempotency_key, or read the note first.",
    { cause },
  );
