/** `node test/kill/run.ts [part of an operation's name]`: every point of every operation and of its undo. Build first. */
import { killAtEach, type Phase } from "./kill.ts";
import { operations } from "./operations.ts";

const [wanted = ""] = process.argv.slice(2);
const chosen = operations.filter(({ name }) => name.includes(wanted));
let [points, faults] = [0, 0];
for (const operation of chosen) {
  for (const phase of ["operation", "undo"] satisfies Phase[]) {
    const killed = await killAtEach(operation, phase);
    points += killed.points;
    faults += killed.faults.length;
    console.log(`${killed.faults.length === 0 ? "ok " : "RED"} ${operation.name}, ${phase}: ${killed.points} points`);
    for (const fault of killed.faults) console.log(`    ${fault}`);
  }
}
console.log(`${points} points in ${chosen.length} operations and their undos, ${faults} faults`);
process.exitCode = faults === 0 && points > 0 ? 0 : 1;
