/** Runs commands one after the other in one process, and writes what became of each into a file, a JSON line each. */
import { appendFileSync, readFileSync } from "node:fs";
import { runOffshoot } from "../../src/commands.ts";

const [commands = "", answers = ""] = process.argv.slice(2);
for (const words of JSON.parse(readFileSync(commands, "utf8")) as string[][]) {
  let said = "";
  const hear = (text: unknown): boolean => {
    said += text;
    return true;
  };
  process.stdout.write = hear;
  process.stderr.write = hear;
  process.exitCode = undefined;
  await runOffshoot(words);
  appendFileSync(answers, `${JSON.stringify({ command: words.join(" "), code: process.exitCode, said })}\n`);
}
process.exit(0);
