import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Row } from "./row.ts";
import { checkout } from "./ways.ts";

/** What names a row among all. */
export type Cell = Pick<Row, "part" | "what" | "manager">;

/** The rows of a run, and with a file those of the runs before it that had the same file. */
export interface Table {
  /** Whether this cell is green already. */
  has(cell: Cell): boolean;
  /** Whether a part that finds its rows as it goes came to its end, and all of it is green. */
  isWhole(part: string): boolean;
  add(row: Row): void;
  /** Says that a part begins from its first row: what it had before goes. */
  begin(part: string): void;
  /** Says that a part came to its end. */
  end(part: string): void;
  rows(): Row[];
}

type Line = (Row & { commit: string }) | { begun: string } | { ended: string };

const keyOf = ({ part, what, manager = "" }: Cell): string => JSON.stringify([part, what, manager]);

/**
 * A table for a whole run, which takes longer than a machine can always be had: with a file, each row is kept when it is
 * there (a JSON line with its commit), green cells are not run again, and a red one gives way to its next try.
 */
export function openTable(file: string | undefined): Table {
  const rows = new Map<string, Row>();
  const ended = new Set<string>();
  const take = (line: Line): void => {
    if ("begun" in line) {
      ended.delete(line.begun);
      for (const [key, { part }] of rows) if (part === line.begun) rows.delete(key);
    } else if ("ended" in line) ended.add(line.ended);
    else rows.set(keyOf(line), line);
  };
  if (file !== undefined && existsSync(file))
    for (const text of readFileSync(file, "utf8").split("\n").filter(Boolean)) take(JSON.parse(text));
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: checkout, encoding: "utf8" }).trim();
  const keep = (line: Line): void => {
    take(line);
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  return {
    has: (cell) => rows.get(keyOf(cell))?.ok === true,
    isWhole: (part) => ended.has(part) && [...rows.values()].every((row) => row.part !== part || row.ok),
    add: (row) => keep({ ...row, commit }),
    begin: (part) => keep({ begun: part }),
    end: (part) => keep({ ended: part }),
    rows: () => [...rows.values()],
  };
}
