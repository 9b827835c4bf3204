/**
 * `pnpm drill [name]`: has the notes template and a small server with a dependency go through what goes wrong, with each
 * safeguard and without it. A table for each drill, or a line of JSON, and a page with pictures.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";

const NAMES = [
  "spike",
  "slow-dependency",
  "backlog",
  "stale-context",
  "access-policy",
  "environment-drift",
  "incompatible-payloads",
  "canary",
  "regression",
];
const USAGE = `Usage: pnpm drill [${NAMES.join(" | ")} | fleet] [options]

Without a name, all of them but fleet, which needs HAProxy and takes a minute. Prints a table for each.

  --seed <number>    repeat a drill exactly (default 1)
  --real-time        by the wall's clock, half a minute each; a busy machine makes it inconclusive
  --report <file>    the page with pictures (default sandbox/drills.html)
  --json             one line of JSON for each in the place of the table
  --svg <folder>     the first picture of each as a file, for the documents: pnpm drill --svg docs/drills
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
      json: { type: "boolean", default: false },
      svg: { type: "string" },
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
const unknown = positionals.filter((name) => name !== "fleet" && !NAMES.includes(name));
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
const drills = await import("../packages/core/dist/drills/index.js");
const { openNotes } = await import("../templates/notes/src/domain/notes.ts");
const { notesServer } = await import("../templates/notes/src/server.ts");

const options = { seed: Number(values.seed), time: values["real-time"] ? "real" : "virtual" };
const call = { tool: "list_notes", input: { limit: 10 } };
const runs = {
  spike: (notes) => drills.spikeDrill(notesServer(notes), { ...options, call }),
  "slow-dependency": () => drills.slowDependencyDrill(options),
  backlog: (notes) => drills.backlogDrill(notesServer(notes), { ...options, call }),
  "stale-context": () => drills.staleContextDrill(options),
  "access-policy": () => drills.accessPolicyDrill(options),
  "environment-drift": () => drills.environmentDriftDrill(options),
  "incompatible-payloads": () => drills.incompatiblePayloadsDrill(options),
  canary: () => drills.canaryDrill(options),
  regression: () => drills.regressionDrill(options),
  fleet,
};

const results = [];
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const notes = await openNotes({ store: "memory" });
  for (const title of ["Shopping", "Ideas", "A letter"]) await notes.create({ title, body: "" });
  const result = await runs[name](notes);
  await notes.close();
  results.push(result);
  console.log(values.json ? drills.drillLine(result) : `${drills.drillTable(result)}\n`);
}
if (!values.json) console.log(drills.drillSum(results));
mkdirSync(dirname(values.report), { recursive: true });
writeFileSync(values.report, drills.drillReport(results));
if (values.svg !== undefined) {
  mkdirSync(values.svg, { recursive: true });
  for (const { drill, charts } of results) writeFileSync(`${values.svg}/${drill}.svg`, pictureOf(charts[0]));
}
console.error(`What happened, in pictures: ${values.report}`);
const verdicts = results.map(({ verdict }) => verdict);
process.exitCode = verdicts.includes("fail") ? 1 : verdicts.includes("inconclusive") ? 2 : 0;

/** Real processes of the built notes server behind HAProxy. Its parts need packages that only this drill does. */
async function fleet() {
  if (spawnSync("haproxy", ["-v"]).status !== 0) stop("The fleet drill needs haproxy on the PATH.");
  const build = "pnpm exec turbo run build --output-logs=errors-only --filter=@offshoot/notes";
  if (spawnSync(build, { shell: true, stdio: ["ignore", 2, 2] }).status !== 0) stop("notes could not be built.");
  const { fleetDrill } = await import("../templates/notes/test/fleet/fleet.ts");
  return fleetDrill(new URL("../templates/notes/deploy/haproxy.cfg", import.meta.url));
}

/** A chart that stands alone: with its title, its legend and a ground of its own, light or dark as the system is. */
function pictureOf(chart) {
  const [, drawn] = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(drills.chartSvg(chart));
  const legend = chart.lines.map(({ name, arm }) => `<tspan class="${arm}">▬</tspan> ${name}`).join("   ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 664 330" width="664" height="330" role="img">
<title>${chart.title}</title>
<style>
svg { --ground: #fff; --ink: #1d2624; --soft: #55625f; --edge: #e0e5e3; --trouble: #f7efe2; --protected: #0b8376; --control: #cf4257; --between: #a8720c; }
@media (prefers-color-scheme: dark) { svg { --ground: #1a2120; --ink: #e4ebe9; --soft: #a3b1ad; --edge: #2b3533; --trouble: #2f2a1f; --protected: #46cdbb; --control: #ff7f8f; --between: #e9b44c; } }
text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--soft); }
text.phase { font-size: 10.5px; } text.title { font-size: 15px; font-weight: 650; fill: var(--ink); } text.mark { fill: var(--ink); }
tspan.protected { fill: var(--protected); } tspan.control { fill: var(--control); } tspan.between { fill: var(--between); }
.grid { stroke: var(--edge); } line.mark { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 4 4; opacity: 0.65; }
rect.phase { fill: none; } rect.trouble { fill: var(--trouble); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } path.protected { stroke: var(--protected); stroke-width: 2.6; } path.control { stroke: var(--control); } path.between { stroke: var(--between); }
</style>
<rect width="664" height="330" rx="12" fill="var(--ground)"/>
<text class="title" x="20" y="30">${chart.title}${chart.unit === "" ? "" : ` (${chart.unit}${chart.logarithmic ? ", logarithmic" : ""})`}</text>
<text x="20" y="52">${legend}</text>
<g transform="translate(12 66)">
${drawn}
</g>
</svg>
`;
}
