import { instanceName } from "../instance.ts";
import type { Log } from "../telemetry/log.ts";
import { createScrub, type Scrub } from "../telemetry/scrub.ts";
import type { ControlEvent, ControlRecord } from "./events.ts";
import { openSink, type SinkFiles } from "./sink.ts";
import { chain, sha256 } from "./verify.ts";

/** Who writes what happened to the server itself, so that it can be proved later. */
export interface Audit {
  /** Keeps events. @throws Error when it cannot and a person asked for the change: it must not happen */
  record: ControlRecord;
  /** What was last recorded as the configuration, if any was. */
  readonly lastConfig: unknown;
  /** Events that wait for the disk. */
  readonly waiting: number;
  /** Hash of the last record. */
  readonly head: string;
  /** Writes what waits, and closes. */
  close(): void;
}

/** What {@link openAudit} takes. */
export interface AuditOptions {
  log: Log;
  scrub?: Scrub | undefined;
  files?: SinkFiles | undefined;
  /** How often what waits is tried again, in ms. @default 1 000 */
  retryMs?: number | undefined;
}

interface Draft extends ControlEvent {
  at: string;
  outcome: "applied" | "refused";
}

/** Transitions that wait for a disk at most. Beyond it they are counted, and the count is recorded. */
const MAX_WAITING = 10_000;

/**
 * Opens a chain of records in a file: one JSON line each, with the hash of the one before, on the disk before
 * {@link Audit.record} returns.
 *
 * It fails closed: while the file cannot be written, what a person asks for is refused. What a safeguard does by itself
 * goes on, because protection must not depend on a disk, and is recorded as soon as the file can be written again.
 *
 * @throws SettingsError when the file cannot be used
 */
export function openAudit(file: string, { log, scrub = createScrub(), files, retryMs = 1_000 }: AuditOptions): Audit {
  const sink = openSink(file, files);
  let { head, records } = sink;
  let waiting: Draft[] = [];
  let lost = 0;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;

  const write = (drafts: readonly Draft[]): void => {
    let [seq, prev, text] = [records, head, ""];
    for (const draft of drafts) {
      seq += 1;
      const { line, hash } = chain(fieldsOf(draft, seq, prev, scrub));
      text += line;
      prev = hash;
    }
    sink.append(text);
    records = seq;
    head = prev;
    // The log goes elsewhere as a rule: with the head in it, a shortened file shows.
    log.info({ seq, head }, "audited");
  };
  const flush = (more: readonly Draft[] = []): void => {
    const gap: Draft[] =
      lost === 0
        ? []
        : [draftOf({ what: "audit", before: null, after: { lost }, by: "server", reason: "too many waited" })];
    const drafts = [...waiting, ...gap, ...more];
    if (drafts.length === 0) return;
    write(drafts);
    waiting = [];
    lost = 0;
    if (failing) log.info({ file }, "the audit can be written again");
    failing = false;
  };
  const later = (drafts: readonly Draft[]): void => {
    for (const draft of drafts) {
      if (waiting.length < MAX_WAITING) waiting.push(draft);
      else lost += 1;
    }
  };
  const failed = (error: unknown): void => {
    if (!failing) log.error({ err: error, file, waiting: waiting.length }, "the audit cannot be written");
    failing = true;
    timer ??= setTimeout(() => {
      timer = undefined;
      tryFlush();
    }, retryMs).unref();
  };
  const tryFlush = (): void => {
    try {
      flush();
    } catch (error) {
      failed(error);
    }
  };

  if (sink.torn !== undefined) {
    log.warn({ ...sink.torn }, "the audit's last line was not whole and was moved aside");
    later([draftOf({ what: "audit", before: null, after: sink.torn, by: "server", reason: "a line was not whole" })]);
    tryFlush();
  }
  return {
    record(events) {
      const drafts = events.map((event) => draftOf(event));
      if (events.every(({ by, waits = by === "server" }) => waits)) {
        later(drafts);
        if (failing) log.error({ events: drafts }, "not in the audit yet: it cannot be written");
        // Not now: a breaker that opens must not wait for a disk.
        timer ??= setTimeout(() => {
          timer = undefined;
          tryFlush();
        }, 0).unref();
        return;
      }
      try {
        flush(drafts);
      } catch (error) {
        later(drafts.map((draft) => ({ ...draft, outcome: "refused" as const })));
        failed(error);
        throw new Error(`Refused: the audit cannot be written (${(error as Error).message}). Nothing was changed.`, {
          cause: error,
        });
      }
    },
    lastConfig: lastConfigOf(sink.lines()),
    get waiting() {
      return waiting.length;
    },
    get head() {
      return head;
    },
    close() {
      clearTimeout(timer);
      tryFlush();
      clearTimeout(timer);
      if (waiting.length > 0) log.error({ events: waiting }, "the audit ends without these events");
      sink.close();
    },
  };
}

const draftOf = ({ waits: _, ...event }: ControlEvent): Draft => ({
  ...event,
  at: new Date().toISOString(),
  outcome: "applied",
});

/** In the order of the line. Values are scrubbed before they are hashed: a hash of a short secret gives it away. */
function fieldsOf(draft: Draft, seq: number, prev: string, scrub: Scrub): Record<string, unknown> {
  const clean = (value: unknown): string => scrub(JSON.stringify(value ?? null));
  const [before, after] = [clean(draft.before), clean(draft.after)];
  return {
    seq,
    at: draft.at,
    instance: instanceName(),
    who: draft.by,
    what: draft.what,
    ...(draft.name !== undefined && { name: draft.name }),
    before: JSON.parse(before),
    after: JSON.parse(after),
    beforeHash: sha256(before),
    afterHash: sha256(after),
    outcome: draft.outcome,
    ...(draft.reason !== undefined && { reason: scrub(draft.reason) }),
    prev,
  };
}

function lastConfigOf(lines: readonly string[]): unknown {
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    const { what, after } = JSON.parse(lines[at] as string) as { what: string; after: unknown };
    if (what === "config") return after;
  }
  return undefined;
}
