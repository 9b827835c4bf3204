import { torture } from "../../torture/torture.ts";
import { faultsOf, mergeTimesOf } from "../../torture/verdict.ts";
import type { Report } from "../row.ts";

/** Forks of every kind through three releases; one row for all of them. */
export async function forks(count: number, report: Report): Promise<void> {
  const since = Date.now();
  const sums = await torture({ forks: count, seed: 1 });
  const faults = faultsOf(sums);
  const { median, most } = mergeTimesOf(sums);
  report({
    part: "torture",
    what: `${sums.forks} forks × 3 releases`,
    ok: faults.length === 0,
    ms: Date.now() - since,
    told: `${sums.updates} updates, ${sums.clean} clean, ${sums.withConflicts} with conflicts, all due; ${sums.announcedBreaks} breaks, all announced; lost lines ${sums.lostUserLines.length}; an update takes ${median} ms, at most ${most} ms`,
    ...(faults.length > 0 && { output: faults.join("\n") }),
  });
}
