import type { CallContext, Caller } from "@offshoot/core";
import type { Notes } from "./domain/notes.ts";

/** The notes that a call is about: those of its caller, or the common ones. */
export type NotesOf = (call: Pick<CallContext, "caller">) => Promise<Notes>;

/** What core calls a caller whom nobody has authenticated. */
const unauthenticated = ["local", "anonymous"];

/** Whose notes a caller works with: "" for the common ones, where nobody authenticates. */
export function ownerOf({ id, issuer, method, scopes }: Caller): string {
  if (method === undefined && scopes === undefined && unauthenticated.includes(id)) return "";
  if (id === "") throw new Error("an authenticated caller needs an id");
  // An id of another issuer is someone else. The client that someone uses makes no difference.
  return issuer === undefined ? id : JSON.stringify([issuer, id]);
}
