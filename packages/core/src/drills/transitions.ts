import { readFileSync } from "node:fs";
import type { App } from "../app.ts";
import { openAudit } from "../control/audit.ts";
import { verifyAudit } from "../control/verify.ts";

/** How much of both is the same, in the same place. */
export const agreement = (seen: readonly string[], kept: readonly string[]): number =>
  seen.filter((mode, index) => kept[index] === mode).length / Math.max(1, seen.length, kept.length);

/** Keeps account of what changes about a server, as `--audit` does. */
export function keepAudit(app: App, file: string): () => void {
  const audit = openAudit(file, { log: app.log });
  app.control.keep(audit.record);
  return audit.close;
}

/** The modes that the audit says it went to; none when it is not whole. */
export function auditedModes(file: string): string[] {
  if (!verifyAudit(file).ok) return [];
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as { what: string; after: string })
    .filter(({ what }) => what === "degradation")
    .map(({ after }) => after);
}
