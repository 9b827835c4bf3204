/** `node test/kill/run.ts [part of an operation's name]`: every point of every operation and of its undo. Build first. */
import { killAtEach, type Phase } from "./kill.ts";
import { operations } from "./operations.ts";

const [wanted = ""] = process.argv.slice(2);
let [points, faults] = [0, 0];
for (const operation of operations.filter(({ name }) => name.includes(wanted))) {
  for (const phase of ["operation", "undo"] satisfies Phase[]) {
    const killed = await killAtEach(operation, phase);
    points += killed.points;
    faults += killed.faults.length;
    console.log(`${killed.faults.length === 0 ? "ok " : "RED"} ${operation.name}, ${phase}: ${killed.points} points`);
    for (const fault of killed.faults) console.log(`    ${fault}`);
  }
}
console.log(`${points} points in ${operations.length} operations and their undos, ${faults} faults`);
process.exitCode = faults === 0 && points > 0 ? 0 : 1;
