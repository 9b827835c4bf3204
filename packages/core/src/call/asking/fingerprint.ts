/** node:crypto, loaded by the first question: most servers never ask one, and it takes a twentieth of a start. */
export const crypto = () => process.getBuiltinModule("node:crypto");

/** A short fingerprint of a request's input. */
export const fingerprint = (input: unknown): string =>
  crypto()
    .createHash("sha256")
    .update(JSON.stringify(input) ?? "")
    .digest("base64url")
    .slice(0, 22);
