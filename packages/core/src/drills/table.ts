import type { DrillResult, DrillUnit } from "./drill.ts";

/** A line of a drill's table. */
export interface DrillRow {
  name: string;
  means: string;
  seen: string;
  /** Empty where nothing is asked of it. */
  must: string;
  state: "" | "held" | "missed";
}

const ARMS = { "": "with the safeguard", "control.": "without it", "idle.": "before anything was wrong" };

/** What a drill measured, by arm. */
export function rowsOf(result: DrillResult): { arm: string; rows: DrillRow[] }[] {
  const { measured, control, idle, threshold, missed, means, units } = result;
  return Object.entries({ "": measured, "control.": control, "idle.": idle }).flatMap(([prefix, values]) => {
    const rows = Object.entries(values).map(([name, value]): DrillRow => {
      const id = prefix + name;
      const must = threshold[id];
      return {
        name: id,
        means: means[id] ?? id,
        seen: show(value, units[id]),
        must: (must ?? "")
          .replaceAll(">=", "≥")
          .replaceAll("<=", "≤")
          .replaceAll(/[\d.]+/g, (number) => show(Number(number), units[id])),
        state: must === undefined ? "" : missed.includes(id) ? "missed" : "held",
      };
    });
    return rows.length === 0 ? [] : [{ arm: ARMS[prefix as keyof typeof ARMS], rows }];
  });
}

/** `4 of 4 passed`, and how many proved nothing. */
export function drillSum(results: readonly DrillResult[]): string {
  const count = (verdict: DrillResult["verdict"]) => results.filter((result) => result.verdict === verdict).length;
  const unclear = count("inconclusive");
  return `${count("pass")} of ${results.length} passed${unclear === 0 ? "" : `, ${unclear} inconclusive`}`;
}

/** A result as a table for a terminal. */
export function drillTable(result: DrillResult): string {
  const groups = rowsOf(result);
  const all = groups.flatMap(({ rows }) => rows);
  const width = (cell: (row: DrillRow) => string) => Math.max(...all.map((row) => cell(row).length));
  const [means, seen] = [width((row) => row.means), width((row) => row.seen)];
  const sign = { "": " ", held: "✓", missed: "✗" };
  return [
    `${result.drill}: ${result.verdict} (seed ${result.seed})`,
    ...groups.flatMap(({ arm, rows }) => [
      `  ${arm}`,
      ...rows.map((row) =>
        `  ${sign[row.state]} ${row.means.padEnd(means)}  ${row.seen.padStart(seen)}  ${row.must}`.trimEnd(),
      ),
    ]),
  ].join("\n");
}

function show(value: number, unit: DrillUnit | undefined): string {
  if (Number.isNaN(value)) return "not measured";
  const number = unit === "%" ? Math.round(value * 1_000) / 10 : value;
  return `${number.toLocaleString("en")}${unit === undefined ? "" : ` ${unit}`}`;
}
