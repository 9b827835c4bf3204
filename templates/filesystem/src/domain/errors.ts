/** Why an operation was refused. Every code has a message that tells the caller its next step. */
export type FilesErrorCode =
  /** Outside the allowed folders, or a kind of file, link or device that policy keeps out. */
  | "refused"
  | "not_found"
  /** There is something already, and overwriting was not asked for. */
  | "exists"
  /** The file is not what the caller thought it is: another hash, another number of matches. */
  | "conflict"
  /** What was asked for makes no sense: an argument, an empty text to find, a stale cursor. */
  | "invalid"
  /** Not a regular file where one is needed, or not a folder. */
  | "wrong_kind"
  /** Bytes that are no text. */
  | "binary"
  | "too_large"
  | "quota"
  /** The system's own permissions, or a file that is marked read-only. */
  | "permission"
  /** The disk is full or failed. */
  | "storage"
  | "closed";

/**
 * An expected refusal. Its message may be shown to anyone: it names paths only as the caller gave them, shortened,
 * and never an absolute path or the target of a link.
 */
export class FilesError extends Error {
  override readonly name = "FilesError";
  readonly code: FilesErrorCode;

  constructor(code: FilesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A new name would look the same as one that is there. To make it all the same is its caller's to decide. */
export class LookAlikeError extends FilesError {}
