import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { homeIn } from "../contract/built-server.ts";
import { sortKeys } from "../contract/schema.ts";
import { builtBin, type Project } from "../project.ts";
import { reasonIn } from "../reason-in.ts";
import { Refusal } from "../terminal.ts";
import type { DecisionTables } from "./policy-lock.ts";

/** Time for a server to start and to print its decisions, in ms. */
const LIMIT_MS = 30_000;

/**
 * Who may do what on a project's built server, under each of its policies and those of a file: the server itself says so. It
 * runs in an empty folder that is its home, too.
 */
export async function readDecisions(
  project: Project,
  { args = project.marker.args ?? [], file }: { args?: string[] | undefined; file?: string | undefined },
): Promise<DecisionTables> {
  const home = mkdtempSync(join(tmpdir(), "offshoot-policy-"));
  const path = file && resolve(project.folder, file);
  const own = [builtBin(project), ...args, "--policy-table", ...(path === undefined ? [] : ["--policy", path])];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, own, {
      cwd: home,
      env: { ...process.env, ...homeIn(home) },
      timeout: LIMIT_MS,
      maxBuffer: 1e8,
    });
    const tables = Object.entries(JSON.parse(stdout) as DecisionTables);
    return sortKeys(Object.fromEntries(tables.map(([name, table]) => [name === path ? file : name, table])));
  } catch (cause) {
    const { stderr = "", message } = cause as Error & { stderr?: string };
    throw new Refusal(
      `The built server does not say who may do what: ${reasonIn(stderr) || message}`,
      /unknown flag/.test(stderr)
        ? "`npm install @offshoot/core@latest`, and build again."
        : 'if it needs arguments, give them after "--", or as "args" in offshoot.json.',
      { cause },
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
