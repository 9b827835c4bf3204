import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Report, timed } from "../row.ts";
import type { Table } from "../table.ts";
import { checkout } from "../ways.ts";

const harness = join(checkout, "templates/filesystem/test/kill");

/** What this calls of the template's own harness. */
interface Harness {
  operations: { name: string }[];
  killAtEach(operation: object, phase: "operation" | "undo"): Promise<{ points: number; faults: string[] }>;
}

/** Every point of every operation and of its undo at which the filesystem server can die: a row for each operation. */
export async function kills(has: Table["has"], report: Report): Promise<void> {
  const load = (file: string): Promise<Harness> => import(pathToFileURL(join(harness, file)).href);
  const { operations } = await load("operations.ts");
  const { killAtEach } = await load("kill.ts");
  for (const operation of operations) {
    const head = { part: "kill", what: operation.name };
    if (has(head)) continue;
    const killed = (phase: "operation" | "undo") => async () => {
      const { points, faults } = await killAtEach(operation, phase);
      if (faults.length > 0 || points === 0) throw new Error([`${points} points`, ...faults].join("\n"));
      return `${points} points`;
    };
    report(
      await timed(head, [
        ["operation", killed("operation")],
        ["undo", killed("undo")],
      ]),
    );
  }
}
