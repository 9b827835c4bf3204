import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Time for a question to the registry, or for a tool from it, in ms: on a slow machine the first install takes a minute. */
const LIMIT_MS = 180_000;

/**
 * Runs npm and returns what it prints. npm, and not a request of our own: it knows the registry, its credentials and
 * proxies.
 */
export async function npm(...args: string[]): Promise<string> {
  const windows = process.platform === "win32";
  return (await promisify(execFile)("npm", args, { shell: windows, timeout: LIMIT_MS, env: ownEnvironment() })).stdout;
}

/** The environment without the settings of the npm script or `npx` that may have started this. */
export const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_registry)/.test(name) && name !== "INIT_CWD"),
  );
