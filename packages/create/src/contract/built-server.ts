import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installedCore } from "../check/installed-core.ts";
import { builtBin, type Project } from "../project.ts";
import { reasonIn } from "../reason-in.ts";
import { Refusal } from "../terminal.ts";
import type { Contract } from "./compare-contracts.ts";

/** The part of `@offshoot/core/testing` that this calls. */
interface Testing {
  spawn(
    command: string,
    options: { args: string[]; cwd: string; env: Record<string, string>; onStderr: (text: string) => void },
  ): Promise<{ close(): Promise<void> }>;
  readContractOver(client: unknown): Promise<Contract>;
}

/** Time for a server to start and to list what it has, in ms. */
const LIMIT_MS = 30_000;

/**
 * The public surface of a project's built server, read through a real client over stdio. The server runs in an empty
 * folder that is its home, too: nothing of the user's is opened.
 */
export async function readBuiltServer(project: Project, args = project.marker.args ?? []): Promise<Contract> {
  const main = builtBin(project);
  // Node reads its package.json to find the harness, and would wait for a pipe.
  installedCore(project);
  const testing = await loadTesting(project.folder);
  const home = mkdtempSync(join(tmpdir(), "offshoot-contract-"));
  let said = "";
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
  });
  try {
    const options = { args: [main, ...args], cwd: home, env: homeIn(home), onStderr: (text: string) => (said += text) };
    const client = await Promise.race([testing.spawn(process.execPath, options), late]);
    try {
      return await Promise.race([testing.readContractOver(client), late]);
    } finally {
      await client.close();
    }
  } catch (cause) {
    const reason = reasonIn(said) || (cause as Error).message;
    throw new Refusal(
      `The built server could not be asked what it offers: ${reason}`,
      'if it needs arguments, give them after "--", or as "args" in offshoot.json.',
      { cause },
    );
  } finally {
    clearTimeout(timer);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Every place where a program keeps what is the user's. */
export const homeIn = (home: string): Record<string, string> =>
  Object.fromEntries(
    [
      "HOME",
      "USERPROFILE",
      "APPDATA",
      "LOCALAPPDATA",
      "XDG_DATA_HOME",
      "XDG_CONFIG_HOME",
      "XDG_STATE_HOME",
      "XDG_CACHE_HOME",
    ].map((name) => [name, home]),
  );

/** The project's own core: the one that wrote its lock, so that there is one way to write one. */
async function loadTesting(folder: string): Promise<Testing> {
  let testing: Partial<Testing>;
  try {
    const file = createRequire(join(folder, "package.json")).resolve("@offshoot/core/testing");
    testing = await import(pathToFileURL(file).href);
  } catch (cause) {
    const [, missing] = /^Cannot find package '([^']+)'/.exec((cause as Error).message) ?? [];
    throw new Refusal(
      `The project's @offshoot/core with its test harness cannot be loaded${missing ? `: ${missing} is not installed` : ""}.`,
      missing ? `\`npm install --save-dev ${missing}\`.` : "`npm install`, with the development dependencies.",
      { cause },
    );
  }
  if (testing.readContractOver === undefined)
    throw new Refusal(
      "The project's @offshoot/core is too old for this command.",
      "`npm install @offshoot/core@latest`.",
    );
  return testing as Testing;
}
