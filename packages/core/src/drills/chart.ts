import type { DrillChart, DrillLine, DrillPhase } from "./drill.ts";

const WIDTH = 640;
const HEIGHT = 250;
const PLOT = { left: 54, right: 92, top: 30, bottom: 28 };
const RIGHT = WIDTH - PLOT.right;
const BOTTOM = HEIGHT - PLOT.bottom;

/** A chart as SVG. Its colours are variables of the page: it is light or dark with it. */
export function chartSvg({
  title,
  unit,
  lines,
  marks = [],
  phases,
  logarithmic = false,
  steps = false,
}: DrillChart): string {
  const end = Math.max(...phases.map(({ to }) => to), ...lines.flatMap(({ points }) => points.map(([at]) => at)));
  const values = [...lines.flatMap(({ points }) => points.map(([, value]) => value)), ...marks.map(({ at }) => at)];
  const scale = logarithmic ? logScale(values) : linearScale(values);
  const x = (at: number): number => round(PLOT.left + (at / end) * (RIGHT - PLOT.left));
  const y = (value: number): number => round(BOTTOM - scale.share(value) * (BOTTOM - PLOT.top));
  const parts = [
    ...phases.map((phase) => band(phase, x)),
    ...scale.ticks.map(
      (tick) =>
        `<line class="grid" x1="${PLOT.left}" x2="${RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>` +
        `<text class="tick" x="${PLOT.left - 8}" y="${y(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
    ),
    ...seconds(end).map(
      (at) =>
        `<text class="tick" x="${x(at)}" y="${BOTTOM + 18}" text-anchor="middle">${at}${at === 0 ? " s" : ""}</text>`,
    ),
    ...marks.map(
      ({ at, label }) =>
        `<line class="mark" x1="${PLOT.left}" x2="${RIGHT}" y1="${y(at)}" y2="${y(at)}"/>` +
        `<text class="mark" x="${RIGHT + 6}" y="${y(at) + 4}">${asText(label)}</text>`,
    ),
    // The protected arm last, on top.
    ...[...lines]
      .sort((a, b) => ORDER.indexOf(a.arm) - ORDER.indexOf(b.arm))
      .map((line) => `<path class="line ${line.arm}" d="${path(line, x, y, steps)}"/>`),
  ];
  const legend = lines.map(({ name, arm }) => `<span class="key ${arm}"><i></i>${asText(name)}</span>`).join("");
  return `<figure><figcaption><b>${asText(title)}</b>${unit === "" ? "" : `<small>${asText(unit)}${logarithmic ? ", logarithmic" : ""}</small>`}</figcaption>
<div class="legend">${legend}</div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${asText(title)}">${parts.join("\n")}</svg></figure>`;
}

const ORDER = ["control", "between", "protected"];

function band({ from, to, label, trouble }: DrillPhase, x: (at: number) => number): string {
  const [left, right] = [x(from), x(to)];
  return (
    `<rect class="phase${trouble ? " trouble" : ""}" x="${left}" y="${PLOT.top}" width="${round(right - left)}" height="${BOTTOM - PLOT.top}"/>` +
    `<text class="phase" x="${round((left + right) / 2)}" y="${PLOT.top - 9}" text-anchor="middle">${asText(label)}</text>`
  );
}

function path({ points }: DrillLine, x: (at: number) => number, y: (value: number) => number, steps: boolean): string {
  const sorted = points.filter(([, value]) => Number.isFinite(value)).sort(([a], [b]) => a - b);
  return sorted
    .map(([at, value], index) =>
      index === 0 ? `M${x(at)} ${y(value)}` : steps ? `H${x(at)}V${y(value)}` : `L${x(at)} ${y(value)}`,
    )
    .join("");
}

interface Scale {
  ticks: number[];
  /** 0 at the bottom, 1 at the top. */
  share(value: number): number;
}

function linearScale(values: number[]): Scale {
  const most = Math.max(1, ...values.filter(Number.isFinite)) * 1.08;
  const rough = most / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return { ticks, share: (value) => Math.max(0, value) / most };
}

/**
 * From 0 at the bottom, which a logarithm does not have: half a decade below 1 stands for it where counts begin there.
 */
function logScale(values: number[]): Scale {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const low = Math.floor(Math.log10(Math.max(1, Math.min(...positive, 1_000))));
  const high = Math.log10(Math.max(10, ...positive) * 1.25);
  const bottom = low - 0.3;
  const ticks = Array.from({ length: Math.floor(high) - low + 1 }, (_, index) => 10 ** (low + index));
  return { ticks, share: (value) => Math.max(0, (Math.log10(Math.max(value, 1e-9)) - bottom) / (high - bottom)) };
}

const seconds = (end: number): number[] => {
  const step = end > 30 ? 10 : 5;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
};
const short = (value: number): string => (value >= 1_000 ? `${value / 1_000}k` : String(value));
const round = (value: number): number => Math.round(value * 10) / 10;

/** Text for HTML. */
export const asText = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[one] as string);
