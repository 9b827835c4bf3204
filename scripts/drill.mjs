/**
 * `pnpm drill [name]`: has the notes template and a small server with a dependency go through what goes wrong, with each
 * safeguard and without it. One line of JSON for each drill, and a page with pictures.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";

const NAMES = ["spike", "slow-dependency", "backlog", "stale-context"];
const USAGE = `Usage: pnpm drill [${NAMES.join(" | ")}] [options]

Without a name, all of them. Prints one line of JSON for each.

  --seed <number>    repeat a drill exactly (default 1)
  --real-time        by the wall's clock, half a minute each; a busy machine makes it inconclusive
  --report <file>    the page with pictures (default sandbox/drills.html)
  --help             this text

Exit: 0 all passed, 1 a safeguard failed, 2 a drill proved nothing or was asked for wrongly.`;

function stop(message) {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

let parsed;
try {
  parsed = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: "string", default: "1" },
      "real-time": { type: "boolean", default: false },
      report: { type: "string", default: "sandbox/drills.html" },
      help: { type: "boolean", short: "h" },
    },
  });
} catch (error) {
  stop(error.message);
}
const { values, positionals } = parsed;
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const unknown = positionals.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) stop(`There is no drill "${unknown[0]}".`);
if (!/^\d+$/.test(values.seed)) stop(`--seed takes a whole number; ${JSON.stringify(values.seed)} is not one.`);

process.chdir(dirname(import.meta.dirname));
if (!existsSync("packages/core/dist/drills/index.js")) {
  const { status } = spawnSync("pnpm exec turbo run build --output-logs=errors-only --filter=@offshoot/core", {
    shell: true,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) stop("core could not be built.");
}
const { spikeDrill, slowDependencyDrill, backlogDrill, staleContextDrill, drillLine, drillReport } = await import(
  "../packages/core/dist/drills/index.js"
);
const { openNotes } = await import("../templates/notes/src/domain/notes.ts");
const { notesServer } = await import("../templates/notes/src/server.ts");

const options = { seed: Number(values.seed), time: values["real-time"] ? "real" : "virtual" };
const call = { tool: "list_notes", input: { limit: 10 } };
const drills = {
  spike: (notes) => spikeDrill(notesServer(notes), { ...options, call }),
  "slow-dependency": () => slowDependencyDrill(options),
  backlog: (notes) => backlogDrill(notesServer(notes), { ...options, call }),
  "stale-context": () => staleContextDrill(options),
};

const results = [];
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const notes = await openNotes({ store: "memory" });
  for (const title of ["Shopping", "Ideas", "A letter"]) await notes.create({ title, body: "" });
  const result = await drills[name](notes);
  await notes.close();
  results.push(result);
  console.log(drillLine(result));
}
mkdirSync(dirname(values.report), { recursive: true });
writeFileSync(values.report, drillReport(results));
console.error(`What happened, in pictures: ${values.report}`);
const verdicts = results.map(({ verdict }) => verdict);
process.exitCode = verdicts.includes("fail") ? 1 : verdicts.includes("inconclusive") ? 2 : 0;
