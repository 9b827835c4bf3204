import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../ways.ts";
import type { PinnedClient } from "./pinned.ts";
import type { Transport } from "./servers.ts";

/** What is tried, in the table's order. */
const COLUMNS = ["era", "connect", "list", "call", "error", "picture", "question", "cancel", "restart"] as const;

/** What came of each: `ok`, or what came in its place. */
export type Cells = Partial<Record<(typeof COLUMNS)[number], string>>;

export interface ClientRow {
  client: PinnedClient;
  transport: Transport;
  cells: Cells;
}

const page = join(checkout, "docs/clients.md");
const BEGIN = "<!-- written by pnpm e2e --only clients --write -->";
const END = "<!-- end of the table -->";

/** The client with its version, as the table names it. */
export function labelOf({ name, packages }: PinnedClient): string {
  const [[, version] = []] = Object.entries(packages);
  const [first, ...rest] = name.split(", ");
  return [`${first} ${version}`, ...rest].join(", ");
}

/** Where a row is not as it has to be: `ok`, but for what the client is known not to do. */
export function wrongIn({ client, transport, cells }: ClientRow): string[] {
  const known = client[transport] ?? {};
  return COLUMNS.filter((column) => column !== "era" && cells[column] !== (known[column] ?? "ok")).map(
    (column) => `${column}: ${cells[column] ?? "not tried"}${known[column] ? ` (known: ${known[column]})` : ""}`,
  );
}

const cellOf = (text = "not tried"): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Puts the rows and today's date into the page. */
export function writeTable(rows: readonly ClientRow[]): void {
  const lines = rows.map(
    ({ client, transport, cells }) =>
      `| ${labelOf(client)} | ${transport} | ${COLUMNS.map((column) => cellOf(cells[column])).join(" | ")} |`,
  );
  const table = [
    BEGIN,
    `Tried on ${new Date().toISOString().slice(0, 10)}.`,
    "",
    `| client | over | ${COLUMNS.join(" | ")} |`,
    `|---|---|${"---|".repeat(COLUMNS.length)}`,
    ...lines,
    END,
  ].join("\n");
  const text = readFileSync(page, "utf8");
  writeFileSync(page, text.slice(0, text.indexOf(BEGIN)) + table + text.slice(text.indexOf(END) + END.length));
}

/** The page's rows, as they stand there: a cell for each column, after the client and the transport. */
export function readTable(): { label: string; transport: string; cells: Cells }[] {
  const text = readFileSync(page, "utf8");
  const lines = text.slice(text.indexOf(BEGIN), text.indexOf(END)).split("\n");
  return lines
    .filter((line) => line.startsWith("| ") && !line.startsWith("| client |"))
    .map((line) => {
      const [label = "", transport = "", ...cells] = line.slice(2, -2).split(" | ");
      return { label, transport, cells: Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at]])) };
    });
}
