import { lstat, lstatSync, type Stats } from "node:fs";
import { isAbsolute } from "node:path";
import { z } from "zod";
import type { Gate } from "../admission/gate.ts";
import type { Limits } from "../admission/limits.ts";
import type { Access } from "../call/access.ts";
import type { Rollouts } from "../call/rollouts.ts";
import { describeIssues } from "../contract/schemas/schema.ts";
import type { ChangeEmitter, ServerDefinition } from "../contract/server.ts";
import { SettingsError } from "../flags.ts";
import { type ChosenPolicy, openPolicy, policiesOf } from "../policy/open.ts";
import type { Log } from "../telemetry/log.ts";
import type { ControlEvents } from "./events.ts";
import { readOwnFile } from "./own-file.ts";
import { parseJson } from "./parse-json.ts";

/** What an operator may change while the server runs. What the file leaves out is as it was at the start. */
const ControlFile = z.strictObject({
  profile: z.string().optional(),
  policy: z.string().min(1).optional(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).optional(),
  limits: z.record(z.string(), z.number()).optional(),
  breakers: z.record(z.string(), z.enum(["open", "closed", "auto"])).optional(),
  rollouts: z.record(z.string(), z.enum(["promote", "hold", "abort", "auto"])).optional(),
});
type Wanted = Omit<z.output<typeof ControlFile>, "profile" | "policy"> & { access: Access | undefined };

/** What a control file turns. */
export interface ControlledServer {
  readonly definition: ServerDefinition;
  readonly log: Log;
  readonly gate: Pick<Gate, "limits" | "configure">;
  readonly control: ControlEvents;
  readonly changes: { readonly emit: ChangeEmitter };
  readonly access: Access | undefined;
  readonly rollouts: Pick<Rollouts, "order"> | undefined;
  setAccess(access: Access | undefined): void;
}

/** What the server was started with, and whether there is an audit. */
export interface StartedWith extends ChosenPolicy {
  audit?: string | undefined;
}

/**
 * Follows a control file: reads it now, when it changes (it is looked at every second) and on SIGHUP. A file that is
 * wrong in any part changes nothing. A missing file changes nothing.
 *
 * @returns how to stop
 * @throws SettingsError when the file is wrong at the start
 */
export function followControlFile(file: string, app: ControlledServer, started: StartedWith = {}): () => void {
  const start = { access: app.access, logLevel: app.log.level, limits: { ...app.gate.limits } };
  let now: Wanted = start;
  /** The policy as it is now, read again. The one that decides stays where it is the same. */
  const chosen = (given: ChosenPolicy): Access | undefined => {
    const chosen = given.profile === undefined && given.policy === undefined ? started : given;
    const access = openPolicy(chosen, { ...app, audited: started.audit !== undefined });
    return access?.label === app.access?.label ? app.access : access;
  };
  const read = (): void => {
    const { text, by } = readControl(file);
    const { profile, policy, ...given } = text === undefined ? {} : parse(text, app);
    const access = chosen({ profile, policy });
    const wanted = { ...start, ...given, access, limits: { ...start.limits, ...given.limits } };
    const before = now;
    const was = app.access;
    app.control.together(
      () => apply(app, wanted, by),
      () => apply(app, before, by),
    );
    now = wanted;
    if (was !== app.access) tellOfLists(app);
  };
  // Before it is read: what comes after shows.
  let seen: string | undefined;
  const reload = (again = false): void => {
    try {
      read();
    } catch (error) {
      if (!again) app.log.error({ file, reason: reasonOf(error) }, "control file refused: nothing was changed");
      // What the system cannot open now, it may open in a second: too many files were open.
      if ((error as NodeJS.ErrnoException).code !== undefined) seen = undefined;
    }
  };
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
      const again = seen === undefined;
      seen = stamp;
      reload(again);
    });
  }, 1_000).unref();
  const hangUp = (): void => reload();
  process.on("SIGHUP", hangUp);
  return () => {
    clearInterval(timer);
    process.off("SIGHUP", hangUp);
  };
}

/** Every list may be another, for each of those who are connected. */
function tellOfLists({ changes: { emit }, definition }: ControlledServer): void {
  if (definition.tools.size > 0) emit.toolsChanged();
  if (definition.resources.size > 0) emit.resourcesChanged();
  if (definition.prompts.size > 0) emit.promptsChanged();
}

/** The system's own words say what failed, and not what to do. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `it cannot be read (${code}). Name a file that this server can read.`;
}

/** @throws Error in one line, for whatever is wrong with it */
function parse(text: string, { definition }: ControlledServer): z.output<typeof ControlFile> {
  const parsed = ControlFile.safeParse(parseJson(text), { jitless: true });
  if (!parsed.success) throw new Error(describeIssues(parsed.error).replaceAll("\n", "; "));
  const { profile, policy, breakers = {}, rollouts = {} } = parsed.data;
  if (profile !== undefined && policy !== undefined) throw new Error("profile and policy exclude each other.");
  if (policy !== undefined && !isAbsolute(policy))
    throw new Error(`policy: ${policy} must be an absolute path: the server may have been started in another folder.`);
  const profiles = Object.keys(policiesOf(definition));
  if (profile !== undefined && !profiles.includes(profile))
    throw new Error(`there is no profile "${profile}". This server has: ${profiles.join(", ")}.`);
  const { dependencies } = definition;
  for (const name of Object.keys(breakers)) {
    if (!dependencies.has(name))
      throw new Error(
        `there is no dependency "${name}". This server has: ${[...dependencies.keys()].join(", ") || "none"}.`,
      );
  }
  const tried = [...definition.tools.values()].flatMap(({ name, candidate }) =>
    candidate === undefined ? [] : [name],
  );
  for (const name of Object.keys(rollouts)) {
    if (!tried.includes(name))
      throw new Error(
        `no candidate of a tool "${name}" is tried. There are candidates of: ${tried.join(", ") || "none"}.`,
      );
  }
  return parsed.data;
}

/**
 * The text of the file, and who asks by it: its owner. No text where it is not there, which asks for the values of the
 * start.
 *
 * @throws Error for a file that others can write, or that is none
 */
function readControl(file: string): { text?: string; by: string } {
  try {
    const { bytes, by } = readOwnFile(file);
    return { text: bytes.toString(), by };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { by: "operator" };
    throw error;
  }
}

/** Each part that is another emits its own event, before it changes. */
function apply(
  app: ControlledServer,
  { access, logLevel, limits = {}, breakers = {}, rollouts = {} }: Wanted,
  by: string,
): void {
  const { gate, definition } = app;
  if (access !== app.access) {
    app.control.emit({ what: "profile", before: app.access?.label ?? null, after: access?.label ?? null, by });
    app.setAccess(access);
  }
  if (logLevel !== undefined && logLevel !== app.log.level) {
    app.control.emit({ what: "log_level", before: app.log.level, after: logLevel, by });
    app.log.level = logLevel;
  }
  const others = Object.entries(limits).filter(([name, value]) => gate.limits[name as keyof Limits] !== value);
  if (others.length > 0) gate.configure(Object.fromEntries(others), by);
  const forced = new Map(Object.entries(breakers));
  for (const [name, dependency] of definition.dependencies) dependency.force(forced.get(name) ?? "auto", { by });
  app.rollouts?.order(new Map(Object.entries(rollouts)), by);
}

const stampOf = (stats: Stats | undefined): string =>
  stats === undefined ? "none" : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
