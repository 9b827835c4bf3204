import { type Logger as Pino, pino } from "pino";
import type { CallLine } from "../call/record.ts";
import { createCallLines } from "./call-line.ts";
import { describeError } from "./describe-error.ts";
import { createScrub, type Scrub } from "./scrub.ts";
import { type LogSink, stderrSink } from "./stderr.ts";

/** How much is logged. `silent` logs nothing. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Structured lines. An error goes into the field `err`. */
export type Log = Pick<Pino, "debug" | "info" | "warn" | "error" | "isLevelEnabled"> & {
  /** How much is logged; may be set while the server runs. */
  level: LogLevel;
  /** Writes the line of a call of which nothing was masked. */
  call(line: CallLine): void;
};

const LEVELS: Record<LogLevel, number> = { debug: 1, info: 2, warn: 3, error: 4, silent: 5 };

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
  let openedSink = sink;
  // One for both ways to write, so that lines keep their order.
  const lines = (): LogSink => {
    openedSink ??= stderrSink();
    return openedSink;
  };
  const log = (): Pino => {
    if (opened === undefined) {
      opened = openLog(level, lines(), scrub);
      if (first !== undefined) opened.info(first(), "started");
    }
    return opened;
  };
  const lineOf = createCallLines((text) => scrub(text) === text && escapeSeparators(text) === text);
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
    call(line) {
      // Whatever comes first opens the log with a line of its own.
      if (opened === undefined) log();
      const written = lineOf(line, timestamp());
      if (written === undefined) write("info", line, "call");
      else lines().write(written);
    },
    isLevelEnabled: (wanted) => (LEVELS[wanted as LogLevel] ?? 0) >= LEVELS[level],
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
    { write: (line) => sink.write(scrub(escapeSeparators(line.length > MAX_LINE ? shorten(line) : line))) },
  );
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
