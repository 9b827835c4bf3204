import { existsSync, lstatSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join, relative } from "node:path";
import { own } from "../own.ts";
import { placeProblem } from "../own-place.ts";
import type { Project } from "../project.ts";
import { readJson } from "../read-json.ts";
import { Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";
import { readConfigOf, readServerConfig, sharedValues } from "./server-config.ts";

type Settings = Record<string, unknown>;

/** A setting that is another afterwards; without `before` or `after` where it is not set. */
interface Change {
  setting: string;
  before?: unknown;
  after?: unknown;
}

/** What {@link promote} would do. */
export interface Promotion {
  digest: string;
  changes: Change[];
  /** What will be written, by file. */
  files: Record<string, string>;
}

/**
 * Works out what `to` becomes: its own where environments differ, everything else as in `from`; and the lock that a
 * server is held to with `--config-lock`. Writes nothing.
 *
 * @param lock where the lock goes. @default `config.lock.json` beside `to`
 * @throws Refusal when a file is not what the built server takes
 */
export function planPromotion(
  project: Project,
  from: string,
  to: string,
  lock = join(dirname(to), "config.lock.json"),
): Promotion {
  for (const file of [to, lock]) {
    const problem = placeProblem(project.folder, file);
    if (problem !== undefined) throw new Refusal(`${file} ${problem}.`, "prepare that folder, or name another file.");
  }
  const source = readSettings(from);
  const target = existsSync(to) ? readSettings(to) : {};
  const wanted = readServerConfig(project, from);
  const stays = (key: string): boolean => own(wanted.values, key)?.perEnvironment === true;
  const only = (settings: Settings, keep: (key: string) => boolean): Settings =>
    Object.fromEntries(Object.entries(settings).filter(([key]) => keep(key)));
  const next = { ...only(target, stays), ...only(source, (key) => !stays(key)) };
  const made = readConfigOf(project, next);
  if (made.digest !== wanted.digest)
    throw new Refusal(
      `${to} would not be as ${from}: ${firstDifference(sharedValues(wanted), sharedValues(made))}.`,
      "a setting that depends on another environment's should be marked `perEnvironment` in the server's code.",
    );
  const promoted = {
    from: relative(project.folder, from) || from,
    at: new Date().toISOString(),
    by: `${userName()}@${hostname()}`,
  };
  return {
    digest: made.digest,
    changes: changesOf(target, next),
    files: {
      [to]: jsonOf(next),
      [lock]: jsonOf({ digest: made.digest, values: sharedValues(made), promoted }),
    },
  };
}

/** Writes what was planned: the lock last, so that a start in between is refused rather than let through. */
export function promote({ files }: Promotion): void {
  for (const [file, text] of Object.entries(files)) {
    // Settings that only one user may read stay so.
    const mode = lstatSync(file, { throwIfNoEntry: false })?.mode ?? 0o644;
    writeFileAtomically(file, text, mode & 0o777);
  }
}

/** A container that runs as a bare number has no name for its user. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}

function readSettings(file: string): Settings {
  if (!existsSync(file))
    throw new Refusal(`There is no ${file}.`, 'write the settings of an environment, such as {"logLevel": "info"}.');
  return readJson(file, "correct the file.");
}

function changesOf(before: Settings, after: Settings): Change[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .map((setting) => ({ setting, before: own(before, setting), after: own(after, setting) }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

const firstDifference = (wanted: Settings, made: Settings): string => {
  const [change] = changesOf(wanted, made);
  return `${change?.setting} would be ${JSON.stringify(change?.after)} instead of ${JSON.stringify(change?.before)}`;
};

const jsonOf = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
