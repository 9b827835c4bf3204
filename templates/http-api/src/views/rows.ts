/** A row of a table: an object of the answer. */
export type Row = Record<string, unknown>;

/** Columns that a table has room for. */
const COLUMNS = 12;

/** The list of objects in an answer: itself, or the first list among its fields. */
export function rowsOf(data: unknown): readonly Row[] | undefined {
  const isRows = (value: unknown): value is Row[] => Array.isArray(value) && value.length > 0 && value.every(isObject);
  if (isRows(data)) return data;
  return isObject(data) ? Object.values(data).find(isRows) : undefined;
}

/** The fields of the rows, in the order in which they come, and how many are left out. */
export function columnsOf(rows: readonly Row[]): { columns: string[]; left: number } {
  const fields = new Set(rows.flatMap((row) => Object.keys(row)));
  return { columns: [...fields].slice(0, COLUMNS), left: Math.max(0, fields.size - COLUMNS) };
}

/** Rows in the order of a column: numbers by size, all else as text, and what has nothing there at the end. */
export function sortRows(rows: readonly Row[], column: string, descending: boolean): readonly Row[] {
  const sign = descending ? -1 : 1;
  const collator = new Intl.Collator(undefined, { numeric: true });
  return [...rows].sort((one, other) => {
    const [a, b] = [one?.[column], other?.[column]];
    if (isNothing(a) || isNothing(b)) return Number(isNothing(a)) - Number(isNothing(b));
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * collator.compare(cellText(a), cellText(b));
  });
}

/** Longest text of a cell. */
const MAX_CELL = 300;

export function cellText(value: unknown): string {
  if (isNothing(value)) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text;
}

const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined;
const isObject = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);
