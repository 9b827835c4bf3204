/**
 * `pnpm e2e`: what takes too long for `npm test`, with real package managers on a registry and a git host of this machine.
 *
 *   newcomer   from an empty folder to a tool of one's own that answers in a client's configuration, with a stop-watch
 *   project    every way to come by a project × every package manager
 *   update     `offshoot update` from the registry, with the project's own gates
 *   rehearsal  releases of core, published to a registry, and what each does to the templates
 *   matrix     templates as they were released × today's core
 *   inspect    the official Inspector on every template, and its tools listed through it
 *   clients    real clients of other people's × transports, on the templates' built bins; the table of docs/clients.md
 *   documents  public API descriptions behind a mock that validates, through the http-api template
 *   torture    forks of every kind through three releases
 *   long       every suite with OFFSHOOT_LONG=1: whole sweeps, where `npm test` takes a sample
 *   kill       the filesystem server killed at every call that changes a disk, in every operation and its undo
 *
 * `--only <part>[,<part>]`, `--template <name>`, `--manager <name>`, `--way <name>`, `--client <adapter>` (each as often as wanted), `--quick` (no template's whole suite), `--forks <n>`, `--lanes <n>`, `--json`.
 * `--write` puts the clients' table into the page, after a run of all of them. `--table <file>` keeps the rows in a file:
 * a run that was stopped, or had red rows, goes on with what is not green there, and prints the table of all.
 * Each row is told on stderr when it is there, the table on stdout at the end. Exit code 1 when one is red. Needs a build;
 * nothing but dependencies comes from the network.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { templateNames } from "../../src/templates.ts";
import { managers as allManagers } from "./managers.ts";
import { clients } from "./parts/clients.ts";
import { documents } from "./parts/documents.ts";
import { inspectors } from "./parts/inspectors.ts";
import { kills } from "./parts/kills.ts";
import { longSuites } from "./parts/long.ts";
import { matrix } from "./parts/matrix.ts";
import { newcomers } from "./parts/newcomer.ts";
import { projects } from "./parts/projects.ts";
import { rehearsal } from "./parts/rehearsal.ts";
import { forks } from "./parts/torture.ts";
import { updates } from "./parts/updates.ts";
import { lineOf, type Row, tableOf } from "./row.ts";
import { openStage, type Stage } from "./stage.ts";
import { openTable } from "./table.ts";
import { ways as allWays } from "./ways.ts";

const ON_STAGE = ["newcomer", "project", "update"];
const PARTS = [...ON_STAGE, "rehearsal", "matrix", "inspect", "clients", "documents", "torture", "long", "kill"];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    template: { type: "string", multiple: true },
    manager: { type: "string", multiple: true },
    way: { type: "string", multiple: true },
    client: { type: "string", multiple: true, default: [] },
    write: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    forks: { type: "string", default: "100" },
    lanes: { type: "string", default: "1" },
    table: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const wanted = values.only?.split(",") ?? PARTS;
const templates = values.template ?? templateNames();
const unknown = [
  ...wanted.filter((part) => !PARTS.includes(part)),
  ...templates.filter((name) => !templateNames().includes(name)),
];
if (unknown.length > 0) {
  console.error(
    `There is no ${unknown.join(", ")}. Parts: ${PARTS.join(", ")}. Templates: ${templateNames().join(", ")}.`,
  );
  process.exit(2);
}

// What was started goes with this, also when it is stopped half-way.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const filtered = values.template !== undefined || values.client.length > 0;
const managers = allManagers.filter(({ name }) => values.manager?.includes(name) ?? true);
const ways = allWays.filter(({ name }) => values.way?.includes(name) ?? true);
const table = openTable(values.table && resolve(process.env.INIT_CWD ?? "", values.table));
const report = (row: Row): void => {
  table.add(row);
  console.error(row.output ? `${lineOf(row)}\n${row.output}` : lineOf(row));
};
const lanes = Number(values.lanes);
let stage: Stage | undefined;
try {
  if (wanted.some((part) => ON_STAGE.includes(part))) stage = await openStage();
  const { has } = table;
  if (stage && wanted.includes("newcomer")) await newcomers(stage, { managers, lanes, has, report });
  if (stage && wanted.includes("project"))
    await projects(stage, { templates, ways, managers, whole: !values.quick, lanes, has, report });
  if (stage && wanted.includes("update")) await updates(stage, { templates, managers, lanes, has, report });
} finally {
  stage?.close();
}
const alone: [part: string, run: () => Promise<void>][] = [
  ["rehearsal", () => rehearsal(report)],
  ["matrix", () => matrix(templates, report)],
  ["inspect", () => inspectors(templates, report)],
  ["clients", () => clients({ only: values.client, lanes, write: values.write }, report)],
  ["documents", () => documents(report)],
  ["torture", () => forks(Number(values.forks), report)],
  ["long", () => longSuites(templates, report)],
];
for (const [part, run] of alone) {
  if (!wanted.includes(part) || table.isWhole(part)) continue;
  const since = Date.now();
  try {
    if (!filtered) table.begin(part);
    await run();
    if (!filtered) table.end(part);
  } catch (error) {
    report({ part, what: "all", ok: false, ms: Date.now() - since, told: "did not end", output: String(error) });
  }
}
if (wanted.includes("kill") && templates.includes("filesystem")) await kills(table.has, report);

// The lanes end in any order; releases stand as they came.
const order = (row: Row): string =>
  `${PARTS.indexOf(row.part)} ${row.manager === undefined ? "" : `${row.what} ${row.manager}`}`;
const rows = table.rows().sort((a, b) => order(a).localeCompare(order(b)));
const red = rows.filter(({ ok }) => !ok).length;
console.log(values.json ? JSON.stringify({ green: rows.length - red, red, rows }, null, 2) : tableOf(rows));
process.exitCode = red > 0 || rows.length === 0 ? 1 : 0;
