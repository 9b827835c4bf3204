import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Time for a question to the registry, or for a tool from it, in ms: on a slow machine the first install takes a minute. */
const LIMIT_MS = 180_000;

/**
 * Runs npm and returns what it prints. npm, and not a request of our own: it knows the registry, its credentials and
 * proxies.
 */
export async function npm(...args: string[]): Promise<string> {
  const [command, before] = npmCommand();
  const options = { timeout: LIMIT_MS, env: ownEnvironment() };
  return (await promisify(execFile)(command, [...before, ...args], options)).stdout;
}

/**
 * How npm is started without a shell, which would read some arguments as its own. On Windows npm is a .cmd file that only
 * a shell runs; the program behind it lies beside Node.
 */
export function npmCommand(name: "npm" | "npx" = "npm"): [command: string, before: string[]] {
  if (process.platform !== "win32") return [name, []];
  return [process.execPath, [join(dirname(process.execPath), "node_modules", "npm", "bin", `${name}-cli.js`)]];
}

/** The environment without the settings of the npm script or `npx` that may have started this. */
export const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_registry)/.test(name) && name !== "INIT_CWD"),
  );
