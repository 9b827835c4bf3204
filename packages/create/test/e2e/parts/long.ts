import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Report } from "../row.ts";
import { checkout } from "../ways.ts";

/** The suites with everything that the ordinary run takes a sample of: `OFFSHOOT_LONG=1`. */
export async function longSuites(templates: readonly string[], report: Report): Promise<void> {
  for (const folder of ["packages/core", "packages/create", ...templates.map((name) => `templates/${name}`)]) {
    const since = Date.now();
    const file = join(tmpdir(), `long-${process.pid}.json`);
    const run = promisify(execFile)("pnpm", ["exec", "vitest", "run", "--reporter=json", `--outputFile=${file}`], {
      cwd: join(checkout, folder),
      env: { ...process.env, OFFSHOOT_LONG: "1" },
      maxBuffer: 1 << 28,
      shell: process.platform === "win32",
    });
    const output = await run.then(
      () => undefined,
      (error: { stdout?: string; stderr?: string }) => `${error.stdout ?? ""}${error.stderr ?? error}`,
    );
    report({
      part: "long",
      what: folder,
      ok: output === undefined,
      ms: Date.now() - since,
      told: toldBy(file),
      output,
    });
    rmSync(file, { force: true });
  }
}

function toldBy(file: string): string {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, "utf8"));
    return `${numPassedTests} passed, ${numFailedTests} failed`;
  } catch {
    return "did not end";
  }
}
