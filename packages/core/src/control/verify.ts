// Stands alone: Node's own modules and nothing else, so that a file can be checked without the code that wrote it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** `prev` of the first record. */
export const GENESIS = "0".repeat(64);

/** What {@link verifyAudit} found. */
export interface AuditReport {
  /** Nothing is wrong. */
  ok: boolean;
  /** Records that are whole and in their place, from the first on. */
  records: number;
  /** Hash of the last of them: keep it somewhere else, and give it as `head` next time. */
  head: string;
  /** The first thing that is wrong: everything after it proves nothing. `line` counts from 1. */
  problem?: { line: number; what: string } | undefined;
}

/** What is said of a line that does not belong to an audit. */
export const NO_RECORD = "not an audit record";

/** How a line looks; the hash is over the bytes before `,"hash"`. */
const LINE = /^(\{"seq":(\d+),.*"prev":"([0-9a-f]{64})"),"hash":"([0-9a-f]{64})"\}$/;

/**
 * Checks an audit file: that each record is as it was written and none is missing between. Without a `head` from
 * elsewhere it cannot be seen that records are missing at the end, or that the whole file was written again.
 *
 * @param source a path, the lines, or the bytes
 * @param head a hash that has to occur: from the server's log, or from an earlier report
 */
export function verifyAudit(
  source: string | readonly string[] | Buffer,
  { head }: { head?: string | undefined } = {},
): AuditReport {
  const bytes =
    typeof source === "string"
      ? readFileSync(source)
      : Buffer.isBuffer(source)
        ? source
        : Buffer.from(source.map((line) => `${line}\n`).join(""));
  let records = 0;
  let last = GENESIS;
  let headSeen = head === undefined || head === GENESIS;
  const report = (problem?: string): AuditReport => ({
    ok: problem === undefined,
    records,
    head: last,
    ...(problem !== undefined && { problem: { line: records + 1, what: problem } }),
  });
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    if (end === -1) return report("the line has no end: it was not written whole");
    // latin1 keeps every byte as it is; what is hashed is bytes.
    const match = LINE.exec(bytes.toString("latin1", start, end));
    if (match === null) return report(NO_RECORD);
    const [, hashed, seq, prev, hash] = match as unknown as [string, string, string, string, string];
    if (sha256(Buffer.from(hashed, "latin1")) !== hash) return report("the record was changed: its hash is another");
    if (Number(seq) !== records + 1) return report(`record ${seq} stands where ${records + 1} should`);
    if (prev !== last) return report("the record does not follow the one before it");
    last = hash;
    records += 1;
    headSeen ||= hash === head;
    start = end + 1;
  }
  return headSeen ? report() : report("the head is missing: records at the end are gone, or all were written again");
}

/** A record as its line, and its hash. `fields` begin with `seq` and end with `prev`. */
export function chain(fields: Record<string, unknown>): { line: string; hash: string } {
  const hashed = JSON.stringify(fields).slice(0, -1);
  const hash = sha256(hashed);
  return { line: `${hashed},"hash":"${hash}"}\n`, hash };
}

export const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
