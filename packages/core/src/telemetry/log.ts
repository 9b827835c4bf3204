import { type Logger as Pino, pino } from "pino";
import { OWN_LINE } from "../call/record.ts";
import { describeError } from "./describe-error.ts";
import { createScrub, type Scrub } from "./scrub.ts";
import { type LogSink, stderrSink } from "./stderr.ts";

/** How much is logged. `silent` logs nothing. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Structured lines. An error goes into the field `err`. */
export type Log = Pick<Pino, "debug" | "info" | "warn" | "error" | "isLevelEnabled"> & {
  /** How much is logged; may be set while the server runs. */
  level: LogLevel;
};

/** Longest line written, in characters. A longer one has its values cut. */
const MAX_LINE = 8_192;

/**
 * One JSON object per line, scrubbed of secrets, on stderr: stdout carries the protocol.
 *
 * pino and stderr are opened by the first line. A server that has not said anything yet is one that starts, and the two
 * would be a tenth of that.
 *
 * @param first fields of the line "started", which comes before any other
 */
export function createLog(initial: LogLevel, sink?: LogSink, scrub: Scrub = createScrub(), first?: () => object): Log {
  let level = initial;
  let opened: Pino | undefined;
  const log = (): Pino => {
    if (opened === undefined) {
      opened = openLog(level, sink ?? stderrSink(), scrub);
      if (first !== undefined) opened.info(first(), "started");
    }
    return opened;
  };
  const write = (at: "debug" | "info" | "warn" | "error", fields: object, message?: string): void => {
    try {
      log()[at](fields, message);
    } catch (error) {
      // Fields that cannot be read (a proxy, a getter that throws) are the line's loss, not the writer's.
      log()[at]({ err: error }, message);
    }
  };
  return {
    debug: (fields: object, message?: string) => write("debug", fields, message),
    info: (fields: object, message?: string) => write("info", fields, message),
    warn: (fields: object, message?: string) => write("warn", fields, message),
    error: (fields: object, message?: string) => write("error", fields, message),
    isLevelEnabled: (wanted) => log().isLevelEnabled(wanted),
    get level() {
      return level;
    },
    set level(wanted) {
      level = wanted;
      if (opened !== undefined) opened.level = wanted;
    },
  };
}

function openLog(level: LogLevel, sink: LogSink, scrub: Scrub): Pino {
  return pino(
    {
      level,
      base: null,
      timestamp,
      formatters: { level: (label) => ({ level: label }) },
      // pino's own marks the error that it reads, which a frozen one refuses.
      serializers: { err: (error: unknown) => describeError(error) },
    },
    lineWriter(sink, scrub),
  );
}

/** How many texts are remembered to hold nothing that has to be taken out. */
const MAX_PLAIN = 1_000;

/**
 * Takes out of each line what must not be in it. Looking costs more than all else about a line, so the line of a call
 * that went well is not looked at where the few texts of others in it are known to be plain: the rest is core's own.
 */
function lineWriter(sink: LogSink, scrub: Scrub) {
  const plain = new Set<string>();
  const isPlain = (text = ""): boolean => {
    if (plain.has(text)) return true;
    if (text.length > 256 || scrub(text) !== text || escapeSeparators(text) !== text) return false;
    if (plain.size >= MAX_PLAIN) plain.clear();
    plain.add(text);
    return true;
  };
  return {
    // Has pino leave the fields of the line here.
    [Symbol.for("pino.metadata")]: true,
    lastObj: undefined as
      | {
          [OWN_LINE]?: true | undefined;
          name?: string | undefined;
          caller?: string | undefined;
          client?: string | undefined;
        }
      | undefined,
    write(line: string) {
      const { lastObj } = this;
      // An error of many MB would be held until the next line.
      this.lastObj = undefined;
      const known =
        lastObj?.[OWN_LINE] === true && isPlain(lastObj.name) && isPlain(lastObj.caller) && isPlain(lastObj.client);
      sink.write(known ? line : scrub(escapeSeparators(line.length > MAX_LINE ? shorten(line) : line)));
    },
  };
}

let stamped = 0;
let stamp = "";
/** ISO time as pino's own, made once a millisecond. */
function timestamp(): string {
  const now = Date.now();
  if (now !== stamped) {
    stamped = now;
    stamp = `,"time":"${new Date(now).toISOString()}"`;
  }
  return stamp;
}

// JSON lets these stand raw, and some terminals and line readers take them for a line's end.
function escapeSeparators(line: string): string {
  return /[\u2028\u2029\u0085]/.test(line)
    ? line.replace(/[\u2028\u2029\u0085]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : line;
}

function shorten(line: string): string {
  const fields = JSON.parse(line) as Record<string, unknown>;
  for (const limit of [2_048, 512, 64]) {
    const short = JSON.stringify(cut(fields, limit, 0));
    if (short.length < MAX_LINE) return `${short}\n`;
  }
  return `${JSON.stringify({ level: fields.level, time: fields.time, msg: String(fields.msg).slice(0, 1_024), truncated: true })}\n`;
}

function cut(value: unknown, limit: number, depth: number): unknown {
  if (typeof value === "string")
    return value.length > limit ? `${value.slice(0, limit)}… (${value.length} characters)` : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth > 4) return "…";
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => cut(item, limit, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 40)
      .map(([key, item]) => [key.slice(0, 128), cut(item, limit, depth + 1)]),
  );
}
