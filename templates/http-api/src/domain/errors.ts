/** What goes wrong that somebody can mend: the message says how, and is shown as it is. */
export class ApiError extends Error {
  /** A stable word for programs. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
  }
}
