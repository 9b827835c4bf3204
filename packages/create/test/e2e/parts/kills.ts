import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Report } from "../row.ts";
import { checkout } from "../ways.ts";

/** Every point of every operation at which the filesystem server can die, as its own harness finds them. */
export async function kills(report: Report): Promise<void> {
  const since = Date.now();
  const run = promisify(execFile)(process.execPath, ["test/kill/run.ts"], {
    cwd: join(checkout, "templates", "filesystem"),
    maxBuffer: 1 << 24,
  });
  const { stdout, failed } = await run.then(
    (done) => ({ stdout: done.stdout, failed: false }),
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? String(error), failed: true }),
  );
  const told = stdout.trim().split("\n").at(-1) ?? "";
  report({
    part: "kill",
    what: "filesystem",
    ok: !failed,
    ms: Date.now() - since,
    told,
    ...(failed && { output: stdout }),
  });
}
