import { spawn } from "node:child_process";
import { npmCommand, ownEnvironment } from "./npm.ts";

/**
 * Runs a project's own tool in its folder, as its user would; what it prints is kept. `command` and `args` are words of
 * this package, never of a project: on Windows the other package managers need a shell.
 */
export function runInProject(
  folder: string,
  command: string,
  args: string[],
): Promise<{ green: boolean; output: string }> {
  const [file, before] = command === "npm" ? npmCommand() : [command, []];
  const child = spawn(file, [...before, ...args], {
    cwd: folder,
    env: ownEnvironment(),
    shell: process.platform === "win32" && command !== "npm",
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((done) => {
    child.on("error", (error) => done({ green: false, output: `${output}${error.message}` }));
    child.on("close", (code) => done({ green: code === 0, output: output.trimEnd() || `exit code ${code}` }));
  });
}
