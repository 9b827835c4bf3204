import type { ControlEvents } from "../control/events.ts";
import { parseJson } from "../control/parse-json.ts";
import type { Log } from "../telemetry/log.ts";
import { NotYet, watchFile } from "./watched-file.ts";

/** What is refused although it is genuine and has not ended. */
export interface Revoked {
  /** By which member a caller is named; `undefined` where none does. */
  names(known: { sub: string; kid?: string | undefined; jti?: string | undefined }): "sub" | "kid" | "jti" | undefined;
}

const MEMBERS = ["sub", "kid", "jti"] as const;
type List = Record<(typeof MEMBERS)[number], ReadonlySet<string>>;

/** Nothing is revoked. */
export const NOTHING_REVOKED: Revoked = { names: () => undefined };

/**
 * Follows a kill list: `{ "sub": [], "kid": [], "jti": [] }`. Each entry that comes or goes is a control event. While the
 * audit cannot keep one, what is added counts all the same, and what is taken out stays.
 *
 * @throws SettingsError where the file cannot be used at the start
 */
export function openRevoked(file: string, { log, control }: { log: Log; control: ControlEvents }): Revoked {
  const take = (next: List, before: List, by: string): List => {
    const events = MEMBERS.flatMap((member) => {
      const change = (value: string, revoked: boolean) =>
        ({
          what: "key",
          name: `${member} ${value}`,
          before: revoked ? "accepted" : "revoked",
          after: revoked ? "revoked" : "accepted",
          by,
        }) as const;
      return [
        ...[...next[member]].filter((value) => !before[member].has(value)).map((value) => change(value, true)),
        ...[...before[member]].filter((value) => !next[member].has(value)).map((value) => change(value, false)),
      ];
    });
    try {
      control.together(
        () => {
          for (const event of events) control.emit(event);
        },
        () => {},
      );
      return next;
    } catch (error) {
      const both = MEMBERS.map((member) => [member, new Set([...before[member], ...next[member]])]);
      throw new NotYet((error as Error).message, Object.fromEntries(both));
    }
  };
  const list = watchFile("--auth-revoked", file, parse, take, log);
  return {
    names(known) {
      const now = list.read();
      return MEMBERS.find((member) => known[member] !== undefined && now[member].has(known[member]));
    },
  };
}

/** @throws Error in one line */
function parse(text: string): List {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(SHAPE);
  const unknown = Object.keys(value).find((name) => !MEMBERS.includes(name as "sub"));
  if (unknown !== undefined) throw new Error(`${JSON.stringify(unknown)} is no member of a kill list. ${SHAPE}`);
  const entries = MEMBERS.map((member) => {
    const { [member]: list = [] } = value as Record<string, unknown>;
    if (!Array.isArray(list) || list.some((item) => typeof item !== "string")) throw new Error(SHAPE);
    return [member, new Set<string>(list)];
  });
  return Object.fromEntries(entries);
}
const SHAPE = 'It must be { "sub": [], "kid": [], "jti": [] }, with texts in the lists; what is empty may be left out.';
