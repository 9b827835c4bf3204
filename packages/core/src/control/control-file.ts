import { closeSync, constants, fstatSync, lstat, lstatSync, type Stats } from "node:fs";
import { z } from "zod";
import type { Gate } from "../admission/gate.ts";
import type { Limits } from "../admission/limits.ts";
import { describeIssues } from "../contract/schemas/schema.ts";
import type { ChangeEmitter, ServerDefinition } from "../contract/server.ts";
import { SettingsError } from "../flags.ts";
import type { Log } from "../telemetry/log.ts";
import type { ControlEvents } from "./events.ts";
import { openOwnFile, readWhole } from "./own-file.ts";

/** What an operator may change while the server runs. What the file leaves out is as it was at the start. */
const ControlFile = z.strictObject({
  profile: z.string().optional(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).optional(),
  limits: z.record(z.string(), z.number()).optional(),
  breakers: z.record(z.string(), z.enum(["open", "closed", "auto"])).optional(),
});
type Wanted = z.output<typeof ControlFile>;

/** What a control file turns. */
export interface ControlledServer {
  readonly definition: Pick<ServerDefinition, "profiles" | "dependencies">;
  readonly log: Log;
  readonly gate: Pick<Gate, "limits" | "configure">;
  readonly control: ControlEvents;
  readonly changes: { readonly emit: Pick<ChangeEmitter, "toolsChanged"> };
  readonly profile: string | undefined;
  offer(profile: string | undefined): void;
}

/**
 * Follows a control file: reads it now, when it changes (it is looked at every second) and on SIGHUP. A file that is
 * wrong in any part changes nothing. A missing file changes nothing.
 *
 * @returns how to stop
 * @throws SettingsError when the file is wrong at the start
 */
export function followControlFile(file: string, app: ControlledServer): () => void {
  const start: Wanted = {
    profile: app.profile,
    logLevel: app.log.level,
    limits: { ...app.gate.limits },
  };
  let now: Wanted = start;
  const read = (): void => {
    const { text, by } = readControl(file);
    const given = text === undefined ? {} : parse(text, app);
    const wanted = { ...start, ...given, limits: { ...start.limits, ...given.limits } };
    const before = now;
    const profile = app.profile;
    app.control.together(
      () => apply(app, wanted, by),
      () => apply(app, before, by),
    );
    now = wanted;
    if (profile !== app.profile) app.changes.emit.toolsChanged();
  };
  const reload = (): void => {
    try {
      read();
    } catch (error) {
      app.log.error({ file, reason: reasonOf(error) }, "control file refused: nothing was changed");
    }
  };
  // Before it is read: what comes after shows.
  let seen: string;
  try {
    seen = stampOf(lstatSync(file, { throwIfNoEntry: false }));
    read();
  } catch (error) {
    throw new SettingsError(`--control ${file}: ${reasonOf(error)}`, { cause: error });
  }
  // Polled: an editor puts a new file in place of the old one, and a mounted directory swaps a link. Not by
  // `watchFile`, which has nothing to compare its first look with: a change in the first moments would be lost.
  const timer = setInterval(() => {
    lstat(file, (_error, stats) => {
      const stamp = stampOf(stats);
      if (stamp === seen) return;
      seen = stamp;
      reload();
    });
  }, 1_000).unref();
  process.on("SIGHUP", reload);
  return () => {
    clearInterval(timer);
    process.off("SIGHUP", reload);
  };
}

/** The system's own words say what failed, and not what to do. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `it cannot be read (${code}). Name a file that this server can read.`;
}

/** @throws Error in one line, for whatever is wrong with it */
function parse(text: string, { definition }: ControlledServer): Wanted {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON.");
  }
  const parsed = ControlFile.safeParse(value, { jitless: true });
  if (!parsed.success) throw new Error(describeIssues(parsed.error).replaceAll("\n", "; "));
  const { profile, breakers = {} } = parsed.data;
  const profiles = Object.keys(definition.profiles ?? {});
  if (profile !== undefined && !profiles.includes(profile))
    throw new Error(`there is no profile "${profile}". This server has: ${profiles.join(", ") || "none"}.`);
  const { dependencies } = definition;
  for (const name of Object.keys(breakers)) {
    if (!dependencies.has(name))
      throw new Error(
        `there is no dependency "${name}". This server has: ${[...dependencies.keys()].join(", ") || "none"}.`,
      );
  }
  return parsed.data;
}

/** Largest control file, in bytes. */
const MAX_BYTES = 1_048_576;

/**
 * The text of the file, and who asks by it: its owner. No text where it is not there, which asks for the values of the
 * start.
 *
 * @throws Error for a file that others can write, or that is none
 */
function readControl(file: string): { text?: string; by: string } {
  let fd: number;
  try {
    fd = openOwnFile(file, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { by: "operator" };
    throw error;
  }
  try {
    const { uid, size } = fstatSync(fd);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}.`);
    return { text: readWhole(fd).toString(), by: process.platform === "win32" ? "operator" : `uid ${uid}` };
  } finally {
    closeSync(fd);
  }
}

/** Each part that is another emits its own event, before it changes. */
function apply(app: ControlledServer, { profile, logLevel, limits = {}, breakers = {} }: Wanted, by: string): void {
  const { gate, definition } = app;
  if (profile !== app.profile) {
    app.control.emit({ what: "profile", before: app.profile ?? null, after: profile ?? null, by });
    app.offer(profile);
  }
  if (logLevel !== undefined && logLevel !== app.log.level) {
    app.control.emit({ what: "log_level", before: app.log.level, after: logLevel, by });
    app.log.level = logLevel;
  }
  const others = Object.entries(limits).filter(([name, value]) => gate.limits[name as keyof Limits] !== value);
  if (others.length > 0) gate.configure(Object.fromEntries(others), by);
  for (const [name, dependency] of definition.dependencies) dependency.force(breakers[name] ?? "auto", { by });
}

const stampOf = (stats: Stats | undefined): string =>
  stats === undefined ? "none" : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
