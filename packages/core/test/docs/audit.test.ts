// The example of docs/operating.md: a file that was shortened is found by the head that was kept elsewhere.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyAudit } from "@offshoot/core/verify-audit";
import { expect, test } from "vitest";
import { openAudit } from "../../src/control/audit.ts";
import { createLog } from "../../src/telemetry/log.ts";

test("verifyAudit finds what is missing, as the document says", () => {
  const folder = mkdtempSync(join(tmpdir(), "audit-"));
  const file = join(folder, "audit.jsonl");
  const audit = openAudit(file, { log: createLog("silent") });
  for (const after of ["read-only", null]) audit.record([{ what: "profile", before: null, after, by: "uid 1000" }]);
  audit.close();
  const [first] = readFileSync(file, "utf8").split("\n");
  const { head } = verifyAudit(file);
  writeFileSync(file, `${first}\n`);
  expect(verifyAudit(file)).toMatchObject({ ok: true, records: 1 });
  expect(verifyAudit(file, { head })).toMatchObject({
    ok: false,
    problem: { line: 2, what: "the head is missing: records at the end are gone, or all were written again" },
  });
  rmSync(folder, { recursive: true });
});
