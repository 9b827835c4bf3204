import type { Difference } from "./files.ts";
import type { Gate } from "./gates.ts";
import type { Recovery } from "./journal.ts";
import type { Conflict } from "./merge.ts";

/** What an update did, or would do. */
export interface Update {
  template: string;
  from: string;
  to: string;
  status: "up to date" | "clean" | "conflicts" | "red";
  upstream: Difference;
  /** How far the project has moved from what it was copied from. */
  yours: Difference;
  written: string[];
  removed: string[];
  conflicts: Conflict[];
  /** What upstream changed in files that `mine` of offshoot.json names: left alone. */
  mine: Difference;
  /** Values that both sides changed in a file that is merged as data: yours stayed. */
  kept: Conflict[];
  /** Imports of new files that lead to nothing here, as `file: import`. */
  unresolved: string[];
  /** What came that an install or a test would run or fetch by itself: then neither is started here. */
  unasked: string[];
  /** When the project's own scripts were green on the very files that the update began with, so that they did not run again. */
  knownGreen?: string;
  /** The project's own scripts after the merge; the red one is the last. */
  gates: Gate[];
  /** Whether dependencies changed: lockfiles are not merged, so an install is due. */
  installs: boolean;
  recovered?: Recovery;
  patch: string;
  git: boolean;
}
