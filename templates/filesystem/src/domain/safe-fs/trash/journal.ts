import { z } from "zod";
import { isReserved } from "../paths.ts";
import type { State } from "../state.ts";

// A journal can come with a folder from anywhere, so what is read is believed no more than a caller.
const odd = process.platform === "win32" ? /^$|^\.{1,2}$|[/\\:\0]/ : /^$|^\.{1,2}$|[/\0]/;
const Name = z.string().refine((name) => !odd.test(name) && !isReserved(name));
const Relative = z.array(Name).min(1);
const Mark = z.object({ dev: z.number(), ino: z.number(), size: z.number(), mtimeMs: z.number() });

const Change = z.object({
  action: z.enum(["write", "append", "edit", "move", "copy", "remove", "createDirectory"]),
  /** As given. */
  path: z.string(),
  destination: z.string().optional(),
  /** Where it happened: names below the root. */
  relative: Relative,
  /** Where a moved thing came from, and the root of that. */
  from: z.object({ root: z.string(), relative: Relative }).optional(),
  /** What stands there after the change; absent after a removal. */
  made: Mark.optional(),
  /** What stood there before and is kept beside this file. */
  before: Mark.optional(),
  /** Folders that were made, the outermost first. */
  folders: z.array(Relative).optional(),
});

/** What is needed to take a change back; one file of JSON each. */
export type Change = z.infer<typeof Change>;
export type Action = Change["action"];
/** A thing on disk, recognised again. */
export type Mark = z.infer<typeof Mark>;

export const journalEnd = ".json";
export const keptEnd = ".kept";

const idShape = /^[0-9a-z]{9}-\d+$/;

/** Undefined where the name is none of ours. */
export const timeOf = (id: string): number | undefined => (idShape.test(id) ? Number.parseInt(id, 36) : undefined);

/** The newest entry that can be read; one that cannot is passed over. */
export function newestEntry(state: State): { id: string; change: Change } | undefined {
  for (const id of idsIn(state).reverse()) {
    try {
      return { id, change: Change.parse(JSON.parse(state.read(id + journalEnd) ?? "")) };
    } catch {
      // Not written by us, or cut off.
    }
  }
  return undefined;
}

/** Of all entries, the oldest first. */
export const idsIn = (state: State): string[] =>
  state
    .names()
    .filter((name) => name.endsWith(journalEnd))
    .map((name) => name.slice(0, -journalEnd.length))
    .filter((id) => timeOf(id) !== undefined)
    .sort();
