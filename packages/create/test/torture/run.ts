/**
 * Many forks, each taken through three releases: `node packages/create/test/torture/run.ts [--forks 100] [--seed 1] [--seconds 600] [--json]`.
 * Exit code 1 when a line was lost, something broke in silence, or a conflict was not due.
 */
import { parseArgs } from "node:util";
import { torture } from "./torture.ts";
import { faultsOf, mergeTimesOf } from "./verdict.ts";

const { values } = parseArgs({
  options: {
    forks: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string" },
    json: { type: "boolean" },
  },
});
const since = performance.now();
const sums = await torture({
  forks: Number(values.forks),
  seed: Number(values.seed),
  ...(values.seconds && { seconds: Number(values.seconds) }),
});
const seconds = Math.round((performance.now() - since) / 1_000);
const faults = faultsOf(sums);
const mergeMs = mergeTimesOf(sums);
if (values.json) console.log(JSON.stringify({ ...sums, mergeMs, seconds }, null, 2));
else {
  const due = Object.entries(sums.explained).map(([why, count]) => `${count} ${why}`);
  console.log(`${sums.forks} forks × 3 releases: ${sums.updates} updates in ${seconds} s, ${sums.gated} with gates`);
  console.log(`${sums.clean} clean, ${sums.withConflicts} with conflicts (${sums.conflicts}: ${due.join(", ")})`);
  console.log(`${sums.announcedBreaks} clean merges broke a project, and the gates said so`);
  console.log(
    `lost user lines ${sums.lostUserLines.length}, lost user files ${sums.lostUserFiles.length}, came back ${sums.returned.length}`,
  );
  console.log(
    `lost upstream lines ${sums.lostUpstreamLines.length}, silent breaks ${sums.silentBreaks.length}, conflicts not due ${sums.unexplained.length}`,
  );
  console.log(
    `an update without gates: median ${mergeMs.median} ms, most ${mergeMs.most} ms (${mergeMs.count} measured)`,
  );
  for (const fault of faults) console.log(`✗ ${fault}`);
}
process.exitCode = faults.length > 0 ? 1 : 0;
