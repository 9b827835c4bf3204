// A control file that the system cannot open just now.
import fs, { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { followControlFile } from "../../src/control/control-file.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createLab } from "../fixtures/lab.ts";

/** Has the system refuse to open a file, some times. */
function refuseToOpen(file: string, times: number): void {
  const { openSync } = fs;
  let left = times;
  fs.openSync = (path, ...rest) => {
    if (path !== file || left === 0) return openSync(path, ...rest);
    left -= 1;
    throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  };
  onTestFinished(() => {
    fs.openSync = openSync;
  });
}

test("it is read when the system can open it again, and its refusal is one line", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "later-")), "control.json");
  writeFileSync(file, "{}");
  const log: string[] = [];
  const app = createApp(createLab().server, { log: createLog("info", { write: (line) => log.push(line) }) });
  onTestFinished(() => app.close());
  onTestFinished(followControlFile(file, app));
  refuseToOpen(file, 2);
  writeFileSync(file, JSON.stringify({ profile: "read-only" }));
  await expect.poll(() => app.access?.label).toBe("read-only");
  expect(log.filter((line) => line.includes("EMFILE"))).toHaveLength(1);
});
