import { randomUUID } from "node:crypto";
import type { Located } from "../locate.ts";
import { temporaryPrefix } from "../paths.ts";
import { openState } from "../state.ts";

/** Ends the name of a note in the state folder about a temporary thing elsewhere. */
export const pendingEnd = ".pending";

/** What this process is making right now. */
export const inFlight = new Set<string>();

/** Names of temporary things tell which process made them: those of a dead one are swept. */
export const temporaryName = () => `${temporaryPrefix}${process.pid}-${randomUUID().slice(0, 13)}`;

/** Notes where a temporary thing is about to be, so that a start after a crash finds it without a search. */
export function announce(folder: Located, name: string): () => void {
  const note = name + pendingEnd;
  inFlight.add(name);
  const state = openState(folder.root, { make: true });
  state?.put(note, [...folder.relative, name].join("/"));
  state?.close();
  return () => {
    inFlight.delete(name);
    const again = openState(folder.root, { make: false });
    again?.drop(note);
    again?.close();
  };
}
