import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Report } from "../row.ts";
import { checkout } from "../ways.ts";

interface Driven {
  name: string;
  hold: number;
  refused: { operation: string; why: string }[];
  odd: number;
}

/**
 * Public descriptions, each behind a mock that refuses what is not as described, driven through the http-api template:
 * a row each.
 */
export async function documents(report: Report): Promise<void> {
  const since = Date.now();
  const args = [join(checkout, "templates/http-api/test/documents/mocked.ts"), "--json"];
  const { printed, failed } = await new Promise<{ printed: string; failed: string }>((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 26 }, (_error, stdout, stderr) =>
      resolve({ printed: stdout, failed: stderr }),
    );
  });
  let rows: Driven[];
  try {
    rows = JSON.parse(printed) as Driven[];
  } catch {
    report({ part: "documents", what: "all", ok: false, ms: Date.now() - since, told: "did not end", output: failed });
    return;
  }
  for (const { name, hold, refused, odd } of rows)
    report({
      part: "documents",
      what: name,
      ok: refused.length === 0,
      ms: Math.round((Date.now() - since) / rows.length),
      told: `${hold} of ${hold + refused.length} calls hold, ${odd} answers not as described`,
      output: refused.map(({ operation, why }) => `${operation}: ${why}`).join("\n") || undefined,
    });
}
