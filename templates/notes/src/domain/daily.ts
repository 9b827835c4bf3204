import { z } from "zod";
import { derive } from "./derive.ts";
import { commit, type Desk, toNote } from "./desk.ts";
import { type Asking, keyRow } from "./keys.ts";
import { Body, Folder, parse } from "./note.ts";
import { joinBlocks, lineEndOf } from "./text/join.ts";
import { titleKey } from "./text/names.ts";

export const DailyNote = z.object({
  date: z.iso
    .date()
    .optional()
    .describe("Day as 2026-11-27. Left out it is today, by the clock of the server's machine."),
  text: z.string().optional().describe("Text to add at the end of the note. Left out, the note is only read or made."),
  folder: Folder.default("").describe("Folder of the daily notes. Use the same one every day."),
});
export type DailyNote = z.input<typeof DailyNote> & { idempotency_key?: string | undefined };

/** The note whose title is the day, the oldest where there are several. */
export async function dailyNote(desk: Desk, input: DailyNote, { by, ...waiting }: Omit<Asking, "key"> = {}) {
  const { idempotency_key, ...given } = input;
  const { date = localDay(desk.now()), text = "", folder } = parse(DailyNote, given);
  const plan = async () => {
    // Two calls at once make one note: nothing may have changed since it was looked for.
    const { seq: latest } = await desk.store.head();
    const names = await desk.store.named([titleKey(date)]);
    const found = names.find(
      ({ own, folder: at, kind }) => own === titleKey(date) && at === titleKey(folder) && kind !== 3,
    );
    const [row] = found === undefined ? [] : await desk.store.find([found.number]);
    if (row !== undefined && text === "") return row;
    const before = row ?? { title: date, body: "", tags: [], front: "", folder, file: null };
    const content = { ...before, body: parse(Body, joinBlocks(before.body, text, lineEndOf(before.body))) };
    const write = { ...content, derived: await derive(content) };
    const writes = [
      row
        ? { ...write, type: "updated" as const, number: row.number, seq: row.seq, updated_at: undefined }
        : { ...write, type: "created" as const },
    ];
    return { action: "daily_note", at: desk.now(), writes, latest };
  };
  const key = keyRow(desk, "daily_note", { key: idempotency_key, by }, [date, text, folder]);
  const [row] = await commit(desk, plan, { key, about: "daily_note", ...waiting });
  return toNote(row);
}

function localDay(now: string): string {
  const time = new Date(now);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
