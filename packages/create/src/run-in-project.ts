import { spawn } from "node:child_process";
import { ownEnvironment } from "./npm.ts";

/** Runs a project's own tool in its folder, as its user would; what it prints is kept. */
export function runInProject(
  folder: string,
  command: string,
  args: string[],
): Promise<{ green: boolean; output: string }> {
  const child = spawn(command, args, {
    cwd: folder,
    env: ownEnvironment(),
    // npm and its like are .cmd files there.
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((done) => {
    child.on("error", (error) => done({ green: false, output: `${output}${error.message}` }));
    child.on("close", (code) => done({ green: code === 0, output: output.trimEnd() || `exit code ${code}` }));
  });
}
