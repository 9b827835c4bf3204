/**
 * `node test/differential/run.ts [--no-speed]`: asks the official server and this one the same, and prints what is equal,
 * what differs for a reason, and how fast they are. Exit code 1 for a difference that has no reason here. Build first.
 */
import { cases } from "./cases.ts";
import { compare, type Verdict } from "./compare.ts";
import { startBench } from "./servers.ts";
import { measure } from "./throughput.ts";

const benches = { official: await startBench("official"), ours: await startBench("ours") };
const counts: Record<Verdict["verdict"], number> = { equal: 0, "differs as expected": 0, UNEXPECTED: 0 };
try {
  for (const [index, one] of cases.entries()) {
    const { name, verdict, because, detail } = await compare(one, benches, index);
    counts[verdict] += 1;
    console.log(`${verdict.padEnd(20)} ${name}${because === undefined ? "" : ` (${because})`}`);
    if (detail !== undefined) console.log(`    ${detail}`);
  }
  console.log(
    `\n${counts.equal} equal, ${counts["differs as expected"]} differ as expected, ${counts.UNEXPECTED} do not`,
  );
  if (!process.argv.includes("--no-speed")) {
    console.log(
      "\nms for a call, median of rounds: official, ours; how many times as fast ours is: median (least to most)",
    );
    for (const { work, official, ours, ratio } of await measure(benches)) {
      const [median, least, most] = ratio.map((times) => times.toFixed(2));
      const shown = [official, ours].map((ms) => ms.toFixed(2).padStart(9)).join("");
      console.log(`${work.padEnd(46)} ${shown}   ${median}× (${least} to ${most})`);
    }
  }
} finally {
  for (const bench of Object.values(benches)) await bench.close();
}
process.exitCode = counts.UNEXPECTED === 0 ? 0 : 1;
