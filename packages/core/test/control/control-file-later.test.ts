// A control file that the system cannot open just now.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { followControlFile } from "../../src/control/control-file.ts";
import { readOwnFile } from "../../src/control/own-file.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createLab } from "../fixtures/lab.ts";

vi.mock(import("../../src/control/own-file.ts"), { spy: true });

test("it is read when the system can open it again, and its refusal is one line", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "later-")), "control.json");
  writeFileSync(file, "{}");
  const log: string[] = [];
  const app = createApp(createLab().server, { log: createLog("info", { write: (line) => log.push(line) }) });
  onTestFinished(() => app.close());
  onTestFinished(followControlFile(file, app));
  const tooMany = Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  for (let times = 0; times < 2; times += 1)
    vi.mocked(readOwnFile).mockImplementationOnce(() => {
      throw tooMany;
    });
  writeFileSync(file, JSON.stringify({ profile: "read-only" }));
  await expect.poll(() => app.access?.label).toBe("read-only");
  expect(log.filter((line) => line.includes("EMFILE"))).toHaveLength(1);
});
