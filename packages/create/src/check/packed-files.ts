import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { npmCommand, ownEnvironment } from "../npm.ts";
import { Refusal } from "../terminal.ts";

/** The paths that `npm publish` would hand out. Nothing is written, and none of the project's scripts runs. */
export async function packedFiles(folder: string): Promise<string[]> {
  const [command, before] = npmCommand();
  const args = [...before, "pack", "--dry-run", "--json", "--ignore-scripts"];
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env: ownEnvironment(), maxBuffer: 1e8 });
    const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
    return packed?.files.map(({ path }) => path) ?? [];
  } catch (cause) {
    throw new Refusal(`npm does not say what it would pack: ${(cause as Error).message}`, "`npm pack --dry-run`.", {
      cause,
    });
  }
}
