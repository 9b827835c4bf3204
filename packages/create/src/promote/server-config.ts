import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownEnvironment } from "../npm.ts";
import { builtBin, type Project } from "../project.ts";
import { reasonIn } from "../reason-in.ts";
import { Refusal } from "../terminal.ts";

/** What a server prints with `--print-config`. */
export interface ServerConfig {
  digest: string;
  values: Record<string, { value: unknown; from: string; perEnvironment: boolean }>;
}

/** Time for a server to read its settings, in ms. */
const LIMIT_MS = 30_000;

/**
 * Asks the built server what a configuration file makes of its settings. Nothing of this environment's own settings
 * comes into it: a variable that is set here would be promoted without being in any file.
 *
 * @throws Refusal with the server's own words where it does not take the file
 */
export function readServerConfig(project: Project, file: string): ServerConfig {
  const { PATH = "", HOME = "", USERPROFILE = "", SystemRoot = "" } = ownEnvironment();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [builtBin(project), "--config", file, "--print-config"],
    {
      cwd: project.folder,
      env: { PATH, HOME, USERPROFILE, SystemRoot },
      encoding: "utf8",
      timeout: LIMIT_MS,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  if (status !== 0)
    throw new Refusal(
      `The server does not take ${file}: ${reasonIn(stderr) || `exit code ${status}`}`,
      "correct the file.",
    );
  try {
    return JSON.parse(stdout) as ServerConfig;
  } catch (cause) {
    throw new Refusal(
      "The built server does not print its configuration.",
      "it needs @offshoot/core with --print-config: `offshoot update`, then `npm run build`.",
      { cause },
    );
  }
}

/** The same for settings that are in no file. */
export function readConfigOf(project: Project, settings: unknown): ServerConfig {
  const folder = mkdtempSync(join(tmpdir(), "offshoot-config-"));
  try {
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(settings));
    return readServerConfig(project, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The settings that are promoted: those that are set, and the same in every environment. */
export const sharedValues = ({ values }: ServerConfig): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, { value, perEnvironment }]) => value !== null && !perEnvironment)
      .map(([key, { value }]) => [key, value]),
  );
