import { FilesError } from "../../errors.ts";
import { type Ground, locate } from "../locate.ts";
import { temporaryPrefix } from "../paths.ts";
import type { Root } from "../roots.ts";
import type { State } from "../state.ts";
import { removeTree } from "../writing/remove-tree.ts";
import { inFlight, pendingEnd } from "../writing/temporary.ts";

/** A temporary thing whose process has ended. */
export function sweepPending(ground: Ground, root: Root, state: State, note: string): void {
  const temporary = note.slice(0, -pendingEnd.length);
  const pid = Number(temporary.slice(temporaryPrefix.length).split("-")[0]);
  if (inFlight.has(temporary) || (pid !== process.pid && isAlive(pid))) return;
  const parts = state.read(note)?.split("/") ?? [];
  if (parts.at(-1) === temporary && temporary.startsWith(temporaryPrefix)) {
    try {
      const folder = locate(ground, root, parts.slice(0, -1), "");
      try {
        removeTree(ground, folder, temporary);
      } finally {
        folder.close();
      }
    } catch (error) {
      // Its folder has gone, and the temporary thing with it.
      if (!(error instanceof FilesError)) throw error;
    }
  }
  state.drop(note);
}

/** A note or entry whose process ended while it was written. */
export function isStray(name: string): boolean {
  const pid = Number(/\.(?:json|pending)\.(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  return !Number.isNaN(pid) && (pid === process.pid || !isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
