/** Why an operation was refused. Every code has a message that tells the caller its next step. */
export type NotesErrorCode =
  | "not_found"
  | "conflict"
  | "quota"
  | "invalid"
  | "refused"
  | "busy"
  | "damaged"
  | "storage"
  | "closed";

/** An expected refusal: its message may be shown to anyone, so it never holds a path, SQL or another note's text. */
export class NotesError extends Error {
  override readonly name = "NotesError";
  readonly code: NotesErrorCode;

  constructor(code: NotesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
