import { asText, chartSvg } from "./chart.ts";
import type { DrillResult, Verdict } from "./drill.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { type DrillRow, drillSum, rowsOf } from "./table.ts";

/** One page with what the drills showed: self-contained, light or dark as the reader has it. */
export function drillReport(results: readonly DrillResult[], at: Date = new Date()): string {
  const verdicts = results.map(({ verdict }) => verdict);
  const worst: Verdict = verdicts.includes("fail")
    ? "fail"
    : verdicts.includes("inconclusive")
      ? "inconclusive"
      : "pass";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Drills: ${worst}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>Drills: ${drillSum(results)}</h1>
<p>Each world goes wrong twice in the same seconds: <span class="key protected"><i></i>with the safeguard</span> and
<span class="key control"><i></i>without it</span>. A drill whose control arm does not fail proves nothing.</p>
<nav>${results.map(({ drill, verdict }) => `<a href="#${drill}">${pill(verdict)} ${asText(drill)}</a>`).join("")}</nav>
</header>
${results.map(section).join("\n")}
<footer>${at.toISOString().slice(0, 16).replace("T", " ")} UTC · seed ${[...new Set(results.map(({ seed }) => seed))].join(", ")} · repeat one with <code>pnpm drill ${asText(results[0]?.drill ?? "")} --seed ${results[0]?.seed ?? 1}</code></footer>
</body>
</html>
`;
}

function section(result: DrillResult): string {
  const { drill, verdict, story, charts } = result;
  return `<section id="${drill}">
<h2>${asText(drill)} ${pill(verdict)}</h2>
<p class="story">${asText(story)}</p>
<table><thead><tr><th>what</th><th>seen</th><th>must be</th></tr></thead>${body(result)}</table>
<div class="charts">${charts.map(chartSvg).join("\n")}</div>
</section>`;
}

function body(result: DrillResult): string {
  return rowsOf(result)
    .map(({ arm, rows }) => `<tbody><tr><th colspan="3">${arm}</th></tr>${rows.map(row).join("")}</tbody>`)
    .join("");
}

const row = ({ name, means, seen, must, state }: DrillRow): string =>
  `<tr class="${state}"><td>${asText(means)}<small>${asText(name)}</small></td>` +
  `<td class="number">${asText(seen)}</td><td class="number">${asText(must)}</td></tr>`;

const pill = (verdict: Verdict): string => `<span class="pill ${verdict}">${verdict}</span>`;
