import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { npmCommand, ownEnvironment } from "../npm.ts";
import { Refusal } from "../terminal.ts";

/** Time for npm to look at a folder, in ms: it waits for a pipe in node_modules. */
const LIMIT_MS = 60_000;

/** The paths that `npm publish` would hand out. Nothing is written, and none of the project's scripts runs. */
export async function packedFiles(folder: string): Promise<string[]> {
  const [command, before] = npmCommand();
  const args = [...before, "pack", "--dry-run", "--json", "--ignore-scripts"];
  try {
    const options = { cwd: folder, env: ownEnvironment(), maxBuffer: 1e8, timeout: LIMIT_MS };
    const { stdout } = await promisify(execFile)(command, args, options);
    const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
    return packed?.files.map(({ path }) => path) ?? [];
  } catch (cause) {
    throw new Refusal(`npm does not say what it would pack: ${(cause as Error).message}`, "`npm pack --dry-run`.", {
      cause,
    });
  }
}
