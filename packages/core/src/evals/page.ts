import { asText } from "../drills/chart.ts";
import { PAGE_STYLE } from "../drills/page-style.ts";
import { type Comparison, percent } from "./baseline.ts";
import { type EvalRecord, recordOf } from "./record.ts";
import type { EvalResult, ScenarioResult } from "./run.ts";

/** An eval as a page shows it. */
export interface ShownEval {
  result: EvalResult;
  comparison: Comparison;
  /** Earlier runs, oldest first. */
  records: readonly EvalRecord[];
}

/** One page with what the evals showed: how the score went, each scenario, and which answers are not as in the last record. */
export function evalPage(evals: readonly ShownEval[], at: Date): string {
  const worse = evals.some(({ comparison }) => comparison.worse.length > 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Evals: ${worse ? "worse" : "not worse"}</title>
<style>${PAGE_STYLE}${OWN_STYLE}</style>
</head>
<body>
<header>
<h1>Evals: ${worse ? "worse than the baseline" : "not worse than the baseline"}</h1>
<p>Each scenario is calls to the server, and what must and must not come of them. The score is what the share of those that
pass is at least, with 95 % confidence (Wilson).</p>
</header>
${evals.map((one) => section(one, at)).join("\n")}
<footer>${at.toISOString().slice(0, 16).replace("T", " ")} UTC</footer>
</body>
</html>
`;
}

function section({ result, comparison, records }: ShownEval, at: Date): string {
  const own = records.filter((record) => record.eval === result.eval);
  const worse = comparison.worse.length > 0;
  const now = recordOf(result, at);
  const last = own.at(-1);
  return `<section id="${asText(result.eval)}">
<h2>${asText(result.eval)} <span class="pill ${worse ? "fail" : "pass"}">${worse ? "worse" : "not worse"}</span></h2>
<p class="story">${result.passed} of ${result.tried} passed; score ${percent(result.score)}.${uncalledLine(result)}</p>
${lines("Worse than the baseline", comparison.worse)}${lines("Otherwise not as in the lock", comparison.other)}
<div class="charts">${trend([...own, now])}${grid(result)}</div>
<h3>Answers that are not as in the last record</h3>
${last === undefined ? "<p>There is no record yet: <code>npx create-offshoot eval --record</code>.</p>" : differences(last, now)}
</section>`;
}

const uncalledLine = ({ uncalled }: EvalResult): string =>
  uncalled.length === 0 ? "" : ` No scenario calls: ${uncalled.map(asText).join(", ")}.`;

const lines = (title: string, items: readonly string[]): string =>
  items.length === 0 ? "" : `<h3>${title}</h3><ul>${items.map((item) => `<li>${asText(item)}</li>`).join("")}</ul>`;

const WIDTH = 640;
const HEIGHT = 200;
const LEFT = 48;
const BOTTOM = HEIGHT - 24;

/** The share that passed and the score, run by run. */
function trend(records: readonly EvalRecord[]): string {
  const x = (at: number): number => LEFT + ((WIDTH - LEFT - 16) * (at + 0.5)) / records.length;
  const y = (share: number): number => Math.round((BOTTOM - share * (BOTTOM - 12)) * 10) / 10;
  const line = (shareOf: (record: EvalRecord) => number, arm: string): string => {
    const points = records.map((record, at) => [x(at).toFixed(1), y(shareOf(record))] as const);
    const dots = points.map(([cx, cy]) => `<circle class="${arm}" cx="${cx}" cy="${cy}" r="3.5"/>`).join("");
    return `<path class="line ${arm}" d="M${points.map((point) => point.join(" ")).join("L")}"/>${dots}`;
  };
  const ticks = [0, 0.5, 1].map(
    (share) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y(share)}" y2="${y(share)}"/>` +
      `<text x="${LEFT - 8}" y="${y(share) + 4}" text-anchor="end">${share * 100} %</text>`,
  );
  return `<figure><figcaption><b>Run by run</b><small>${records.length === 1 ? "this one" : `${records.length - 1} recorded, and this one`}</small></figcaption>
<div class="legend"><span class="key protected"><i></i>passed</span><span class="key between"><i></i>score</span></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Run by run">${ticks.join("")}${line(({ score }) => score, "between")}${line(({ passed, tried }) => passed / Math.max(1, tried), "protected")}</svg></figure>`;
}

/** A row for each scenario: how many of its runs passed, and what was wrong. */
function grid({ scenarios, runs }: EvalResult): string {
  const bar = ({ passed }: ScenarioResult): string =>
    `<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="${passed} of ${runs}"><rect class="missed" width="100" height="8"/><rect class="held" width="${(100 * passed) / runs}" height="8"/></svg>`;
  const row = (one: ScenarioResult): string =>
    `<tr class="${one.passed === runs ? "" : "missed"}"><td>${asText(one.name)}<small>${one.kind}</small>${one.wrong.map((wrong) => `<div class="wrong">${asText(wrong)}</div>`).join("")}</td><td class="number">${one.passed} of ${runs}${bar(one)}</td></tr>`;
  return `<figure><figcaption><b>Each scenario</b></figcaption><table><tbody>${scenarios.map(row).join("")}</tbody></table></figure>`;
}

function differences(last: EvalRecord, now: EvalRecord): string {
  const found = Object.entries(now.answers).flatMap(([name, answers]) => {
    if (!Object.hasOwn(last.answers, name)) return [];
    const before = last.answers[name] as string[];
    const changed = answers.flatMap((answer, at) => (answer === before[at] ? [] : [change(before[at], answer)]));
    return changed.length === 0 ? [] : [`<h4>${asText(name)}</h4>${changed.join("")}`];
  });
  return found.length === 0 ? `<p>None since ${last.at.slice(0, 16).replace("T", " ")} UTC.</p>` : found.join("");
}

/** Two answers, with what differs between their common beginning and end marked. */
function change(before = "", after: string): string {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  let end = 0;
  const room = Math.min(before.length, after.length) - start;
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const marked = (text: string, tag: string): string =>
    `${asText(text.slice(0, start))}<${tag}>${asText(text.slice(start, text.length - end))}</${tag}>${asText(text.slice(text.length - end))}`;
  return `<pre>- ${marked(before, "del")}\n+ ${marked(after, "ins")}</pre>`;
}

const OWN_STYLE = `
h3 { font-size: 16px; margin: 18px 0 6px; } h4 { font-size: 14px; margin: 12px 0 4px; }
svg circle.protected { fill: var(--protected); } svg circle.between { fill: var(--between); }
svg.bar { width: 100%; height: 6px; border-radius: 3px; margin-top: 4px; } svg.bar .held { fill: var(--pass); } svg.bar .missed { fill: var(--fail); }
.wrong { color: var(--fail); font-size: 13px; font-weight: 400; overflow-wrap: anywhere; }
figure { justify-content: flex-start; } .charts { grid-template-columns: 1fr; }
pre { background: var(--ground); border: 1px solid var(--edge); border-radius: 8px; padding: 8px 12px; font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
del { background: color-mix(in srgb, var(--fail) 25%, transparent); text-decoration: none; } ins { background: color-mix(in srgb, var(--pass) 25%, transparent); text-decoration: none; }
`;
