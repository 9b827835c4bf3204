import { own } from "../own.ts";
import type { Cells, Decisions, DecisionTables } from "./policy-lock.ts";

/** Characters of a line of names. */
const WIDTH = 100;

/** Tables for a terminal: rows that say the same are one, with the names of all that it is about below it. */
export const showTables = (tables: DecisionTables): string =>
  Object.entries(tables)
    .map(([name, table]) => `${name}\n${showTable(table)}`)
    .join("\n\n");

function showTable(table: Decisions): string {
  const rows = rowsOf(table);
  const callers = callersOf(rows.map(({ cells }) => cells));
  const widths = callers.map((caller) =>
    Math.max(caller.length, ...rows.map(({ cells }) => own(cells, caller)?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, at) => cell.padEnd(widths[at] as number)).join("  ")}`.trimEnd();
  return [
    line(callers),
    ...rows.flatMap(({ cells, names }) => [
      line(callers.map((caller) => own(cells, caller) ?? "")),
      ...wrapNames(names).map((text) => `      ${text}`),
    ]),
  ].join("\n");
}

/** What each kind of caller may do, and everything for which that holds. */
function rowsOf(table: Decisions): { cells: Cells; names: string[] }[] {
  const rows = new Map<string, { cells: Cells; names: string[] }>();
  for (const kind of ["tools", "resources", "prompts"] as const)
    for (const [name, cells] of Object.entries(table[kind])) {
      const key = JSON.stringify(cells);
      const row = rows.get(key) ?? { cells, names: [] };
      row.names.push(kind === "prompts" ? `${name} (prompt)` : name);
      rows.set(key, row);
    }
  return [...rows.values()];
}

/** The three that every policy knows, then those that its rules name. */
function callersOf(cells: readonly Cells[]): string[] {
  const first = ["local", "anonymous", "authenticated"];
  const others = Object.keys(cells[0] ?? {}).filter((caller) => !first.includes(caller));
  return [...first, ...others];
}

function wrapNames(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length + 2 <= WIDTH) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(name);
  }
  return lines.map((text, at) => (at < lines.length - 1 ? `${text},` : text));
}
