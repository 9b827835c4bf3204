/** One line of the table: what was tried, whether it held, and how long it took. */
export interface Row {
  part: string;
  /** What was tried: a template and a way, a release, a number of forks. */
  what: string;
  /** With which package manager, where that makes a difference. */
  manager?: string;
  ok: boolean;
  ms: number;
  /** Times of its steps, counts, versions. */
  told: string;
  /** What the red one printed. */
  output?: string | undefined;
}

/** Hears of each row as soon as there is one. */
export type Report = (row: Row) => void;

export const seconds = (ms: number): string => (ms / 1000).toFixed(1);

export const lineOf = ({ part, what, manager = "", ok, ms, told }: Row): string =>
  `| ${part} | ${what} | ${manager} | ${ok ? "green" : "RED"} | ${seconds(ms)} | ${told} |`;

export function tableOf(rows: readonly Row[]): string {
  const red = rows.filter(({ ok }) => !ok).length;
  return [
    "| part | what | manager | outcome | s | of which |",
    "|---|---|---|---|---:|---|",
    ...rows.map(lineOf),
    "",
    `${rows.length - red} green, ${red} red`,
  ].join("\n");
}

/** A step that has nothing to add to its time. */
export async function done(work: Promise<unknown>): Promise<undefined> {
  await work;
}

/** Does steps one after the other, up to the first that fails, and makes a row of them; what one returns stands beside its time. */
export async function timed(
  head: Pick<Row, "part" | "what" | "manager">,
  steps: readonly (readonly [name: string, work: () => Promise<string | undefined>])[],
): Promise<Row> {
  const began = Date.now();
  const told: string[] = [];
  for (const [name, work] of steps) {
    const since = Date.now();
    try {
      const remark = await work();
      told.push(`${name} ${seconds(Date.now() - since)}${remark ? ` (${remark})` : ""}`);
    } catch (error) {
      // The last lines say what failed; a suite prints hundreds before them.
      const output = (error instanceof Error ? error.message : String(error)).split("\n").slice(-40).join("\n");
      return { ...head, ok: false, ms: Date.now() - began, told: [...told, `${name} FAILED`].join(", "), output };
    }
  }
  return { ...head, ok: true, ms: Date.now() - began, told: told.join(", ") };
}

/** Takes jobs from a list, a few at a time. */
export async function inLanes<Job>(jobs: readonly Job[], lanes: number, work: (job: Job) => Promise<void>) {
  const left = [...jobs];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
