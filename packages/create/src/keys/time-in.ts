import { Refusal } from "../terminal.ts";

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The time that `90d`, `12h`, `30m`, a date or `never` means. @throws Refusal for anything else, or a time that is over */
export function timeIn(
  flag: string,
  text: string,
  now: Date,
  { mayBeNow = false }: { mayBeNow?: boolean } = {},
): Date | undefined {
  if (text === "never") return undefined;
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  const at =
    unit === undefined
      ? new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : Number.NaN)
      : new Date(now.getTime() + Number(count) * UNITS[unit as keyof typeof UNITS]);
  if (Number.isNaN(at.getTime()))
    throw new Refusal(`${flag} ${text} is not a time.`, "give 90d, 12h, 30m, 2027-01-31 or never.");
  if (at < now || (at.getTime() === now.getTime() && !mayBeNow))
    throw new Refusal(`${flag} ${text} has passed.`, "give a time in the future.");
  return at;
}
