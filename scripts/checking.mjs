/** What the checks of packages share: counting, running, packing. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export const read = (file) => JSON.parse(readFileSync(file, "utf8"));
export const lines = (text) => text.split("\n").filter(Boolean);

/** The folders in `parent` that hold a package. */
export const packagesIn = (parent) =>
  (existsSync(parent) ? readdirSync(parent) : [])
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(`${folder}/package.json`));

/** The output of a command; what it printed when it failed is in `error.output`. */
export async function run(command, args, options) {
  // A shell on Windows, where the tools are .cmd files.
  const running = promisify(execFile)(command, args, {
    shell: process.platform === "win32",
    maxBuffer: 1e8,
    ...options,
  });
  try {
    return (await running).stdout;
  } catch (error) {
    throw Object.assign(error, { output: `${error.stdout}${error.stderr}` });
  }
}

/**
 * Runs the checks that `work` makes: each has a name and a list of problems, and is green without any. `pack` packs a
 * folder as npm would get it. Prints what is red, and the sums on the last line.
 */
export async function checks(work) {
  const sums = { passed: 0, failed: 0 };
  const destination = mkdtempSync(join(tmpdir(), "offshoot-pack-"));
  const check = (name, problems) => {
    sums[problems.length > 0 ? "failed" : "passed"] += 1;
    if (problems.length > 0) console.log(`✗ ${name}\n${problems.map((problem) => `    ${problem}`).join("\n")}`);
  };
  const pack = async (folder) => {
    const packed = await run("pnpm", ["pack", "--json", "--pack-destination", destination], { cwd: folder });
    const { filename, files } = JSON.parse(packed);
    return { tarball: filename, files: files.map((file) => file.path.replaceAll("\\", "/")) };
  };
  try {
    await work(check, pack);
  } catch (error) {
    check("the check itself", [error.output || error.stack]);
  } finally {
    rmSync(destination, { recursive: true, force: true });
  }
  console.log(`${sums.passed} passed, ${sums.failed} failed`);
  process.exitCode = sums.failed > 0 ? 1 : 0;
}
