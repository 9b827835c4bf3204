/**
 * Kills the built server at every call that changes something on disk, in an operation or in its undo, and looks at what
 * the next start makes of it: the files are as before or as after, nothing else is there, and undo leads back to the
 * beginning.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { spawn } from "@offshoot/core/testing";
import { lay, type Operation } from "./operations.ts";

export interface Killed {
  operation: string;
  phase: "operation" | "undo";
  /** Calls at which it was killed. */
  points: number;
  /** What did not hold, a line each. */
  faults: string[];
}

export type Phase = Killed["phase"];

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const preload = new URL("./preload.mjs", import.meta.url).href;

/** All points of one operation or of its undo; `only` picks some of them. */
export async function killAtEach(
  operation: Operation,
  phase: Phase,
  only: (point: number) => boolean = () => true,
): Promise<Killed> {
  const killed: Killed = { operation: operation.name, phase, points: 0, faults: [] };
  for (let point = 1; ; point++) {
    if (!only(point)) {
      if (point > mostPoints) return killed;
      continue;
    }
    const call = await killAt(operation, phase, point, false, killed);
    if (call === undefined) return killed;
    if (call === "write" || call === "writeSync") await killAt(operation, phase, point, true, killed);
  }
}

const mostPoints = 200;

/** The call it was killed at; undefined where it came through. */
async function killAt(operation: Operation, phase: Phase, point: number, torn: boolean, killed: Killed) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "offshoot-kill-")));
  const [root, other, state, arm] = ["root", "other", "state", "arm"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  mkdirSync(root);
  lay(root, other);
  const environment = { XDG_STATE_HOME: state };
  const start = (env = {}, args: string[] = []) =>
    spawn(process.execPath, {
      args: [...args, main, ...(operation.profile ? ["--profile", operation.profile] : []), root, other],
      env: { ...environment, ...env },
    });
  const fault = (text: string) =>
    killed.faults.push(`${operation.name}, ${phase}, call ${point}${torn ? " torn" : ""}: ${text}`);
  try {
    const initial = snapshot(root, other);
    let client = await start({ KILL_AT: String(point), KILL_TORN: torn ? "1" : "0", KILL_ARM: arm }, [
      "--import",
      preload,
    ]);
    const good = async (tool: string, input?: Record<string, unknown>) => {
      const { isError, text } = await client.call(tool, placed(input, other));
      if (isError) throw new Error(`${tool}: ${text}`);
    };
    await good("write_file", { path: "first", content: "an earlier change\n" });
    const earlier = snapshot(root, other);
    const later = await outcomeOf(operation);
    if (phase === "undo") await good(operation.tool, operation.input);
    writeFileSync(arm, "");
    const work = phase === "undo" ? good("undo_last") : good(operation.tool, operation.input);
    const died = await work.then(
      () => false,
      (error: unknown) => {
        if (!readIfThere(`${arm}.at`)) throw error;
        return true;
      },
    );
    await client.close();
    if (!died) return undefined;
    killed.points += 1;
    const at = readIfThere(`${arm}.at`);
    client = await start();
    try {
      const found = snapshot(root, other);
      if (!isDeepStrictEqual(found, earlier) && !isDeepStrictEqual(found, later))
        fault(`(${at}) neither old nor new: ${difference(earlier, found)}`);
      await good("write_file", { path: "after", content: "x" });
      for (let undone = 0; ; undone++) {
        const { isError, text } = await client.call("undo_last");
        if (isError && /no change to take back/i.test(text)) break;
        if (isError || undone > 5) {
          fault(`(${at}) undo stops: ${text}`);
          break;
        }
      }
      const end = snapshot(root, other);
      if (!isDeepStrictEqual(end, initial)) fault(`(${at}) undo does not lead back: ${difference(initial, end)}`);
    } finally {
      await client.close();
    }
    return at;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const outcomes = new Map<string, Record<string, string>>();

/** How the folders look after the operation, when nothing comes in between. */
async function outcomeOf(operation: Operation): Promise<Record<string, string>> {
  const known = outcomes.get(operation.name);
  if (known) return known;
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "offshoot-kill-")));
  const [root, other] = [join(folder, "root"), join(folder, "other")];
  mkdirSync(root);
  lay(root, other);
  const client = await spawn(process.execPath, {
    args: [main, ...(operation.profile ? ["--profile", operation.profile] : []), root, other],
    env: { XDG_STATE_HOME: folder },
  });
  try {
    for (const [tool, input] of [
      ["write_file", { path: "first", content: "an earlier change\n" }],
      [operation.tool, operation.input],
    ] as const) {
      const { isError, text } = await client.call(tool, placed(input, other));
      if (isError) throw new Error(`${tool}: ${text}`);
    }
    const outcome = snapshot(root, other);
    outcomes.set(operation.name, outcome);
    return outcome;
  } finally {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const placed = (input: Record<string, unknown> = {}, other: string) =>
  Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, typeof value === "string" ? value.replace(/^\^/, other) : value]),
  );

/** Everything in the allowed folders but what stands in the server's own trash; its temporary things are shown. */
function snapshot(...folders: string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [index, folder] of folders.entries()) {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
      if (/^\.offshoot(?!-tmp)/.test(name)) continue;
      const at = join(folder, name);
      const stats = lstatSync(at);
      found[`${index}:${name}`] = stats.isDirectory()
        ? "folder"
        : stats.isSymbolicLink()
          ? `link ${readlinkSync(at)}`
          : `${stats.nlink} ${readFileSync(at, "utf8").slice(0, 100)} ${stats.size}`;
    }
  }
  return found;
}

function difference(before: Record<string, string>, after: Record<string, string>): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  );
  return names.map((name) => `${name}: ${JSON.stringify(before[name])} → ${JSON.stringify(after[name])}`).join("; ");
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
