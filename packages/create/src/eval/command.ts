import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { withProgress } from "../progress.ts";
import { openProject } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";
import { loadCore } from "./load-evals.ts";
import { asRefusal, type RunEvals, runEvals } from "./run-evals.ts";

/** Records that are kept: enough for a trend. */
const MAX_RECORDS = 100;

/** `offshoot eval`: whether the server does what it must do as well as before. */
export const evalCommand = defineCommand({
  usage: "eval [<file>] [--update] [--record] [--model <file> --runs <n>]",
  summary:
    "Runs the project's evals, compares them with evals.lock.json and names what got worse. Writes a page with pictures.",
  options: {
    update: { type: "boolean", description: "Write evals.lock.json, and say what changed" },
    record: {
      type: "boolean",
      description: "Keep this run in evals.record.jsonl: for the trend, and to compare answers",
    },
    model: {
      type: "string",
      value: "file",
      description: "A file whose default export is a Model: it decides the calls",
    },
    runs: { type: "string", value: "n", description: "How often a model does each scenario (default: 1)" },
    report: { type: "string", value: "file", description: "Where the page goes (default: in node_modules/.cache)" },
  },
  examples: [
    ["offshoot eval", "in CI: exit code 1 when something is worse"],
    ["offshoot eval --update", "accept it: the lock then shows the change in review"],
    ["offshoot eval --model test/model.ts --runs 10", "with a model, which does not always do the same"],
  ],
  async run({ words: [file, ...more], options, json }) {
    if (more.length > 0) throw new Refusal("eval takes one file.", "name one, or none.");
    const { folder } = openProject();
    const runs = options.runs === undefined ? undefined : Number(options.runs);
    if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= 1_000))
      throw new Refusal(`--runs takes a number from 1 to 1000, not ${options.runs}.`, "such as --runs 10.");
    if (runs !== undefined && options.model === undefined)
      throw new Refusal("--runs is for a model: without one each run has the same outcome.", "add --model <file>.");
    const core = await loadCore(folder);
    const found = await withProgress("Running the scenarios", json, (onStep) =>
      runEvals(core, { folder, file, model: options.model, runs }, options.update === true, onStep),
    );
    const { result, comparison, lock } = found;
    const recordFile = join(folder, core.EVALS_RECORD);
    const records = asRefusal(() => core.readEvalRecords(recordFile));
    const now = new Date();
    const page = resolve(folder, options.report ?? "node_modules/.cache/offshoot/evals.html");
    mkdirSync(dirname(page), { recursive: true });
    writeFileAtomically(page, core.evalPage([{ result, comparison, records }], now));
    if (options.record) {
      const kept = [...records, core.recordOf(result, now)].slice(-MAX_RECORDS);
      writeFileAtomically(recordFile, kept.map((record) => `${JSON.stringify(record)}\n`).join(""));
    }
    if (options.update) {
      const next = Object.entries({ ...lock, [result.eval]: core.baselineOf(result) });
      const sorted = Object.fromEntries(next.sort(([a], [b]) => (a < b ? -1 : 1)));
      writeFileAtomically(join(folder, core.EVALS_LOCK), `${JSON.stringify(sorted, null, 2)}\n`);
    }
    const good = options.update === true || (found.baseline !== undefined && comparison.worse.length === 0);
    return {
      data: { ...result, baseline: found.baseline?.score ?? null, ...comparison, page },
      text: textOf(found, options.update === true, page),
      exitCode: good ? 0 : 1,
    };
  },
});

function textOf({ result, comparison, baseline }: RunEvals, update: boolean, page: string): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const failed = result.scenarios.filter(({ passed }) => passed < result.runs);
  const adversarial = result.scenarios.filter(({ kind }) => kind === "adversarial").length;
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  return [
    `${result.eval}: ${result.passed} of ${result.tried} passed (${adversarial} of ${result.scenarios.length} scenarios are adversarial)`,
    `score ${percent(result.score)}, baseline ${baseline === undefined ? "none yet" : percent(baseline.score)}`,
    ...failed.flatMap(({ name, passed, wrong }) =>
      list(`✗ ${name}${result.runs === 1 ? "" : `, ${passed} of ${result.runs}`}`, wrong),
    ),
    ...(result.uncalled.length === 0 ? [] : [`No scenario calls: ${result.uncalled.join(", ")}.`]),
    ...list("Skipped, because they have no task for a model:", result.skipped),
    ...list(update ? "Accepted, and worse than before:" : "Worse than the baseline:", comparison.worse),
    ...list("Other differences from the lock:", comparison.other),
    `What happened, in pictures: ${page}`,
    ...(update
      ? ["evals.lock.json now has the result of this run. Commit it."]
      : baseline === undefined
        ? ["Next: `offshoot eval --update` writes evals.lock.json, once the result is as it should be."]
        : comparison.worse.length > 0
          ? ["Next: fix it; if it is meant, `offshoot eval --update` and commit."]
          : []),
  ].join("\n");
}
