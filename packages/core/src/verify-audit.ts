// Checks an audit file, from a program or from a shell: node verify-audit.js <file> [--head <hash>]
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { verifyAudit } from "./control/verify.ts";

export { type AuditReport, verifyAudit } from "./control/verify.ts";

const script = process.argv[1];
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) main(process.argv.slice(2));

/** Prints one JSON line; exit 0 when the file is whole, 1 when it is not, 2 when there is nothing to check. */
function main([file, flag, head, ...rest]: string[]): void {
  if (file === undefined || rest.length > 0 || (flag !== undefined && (flag !== "--head" || head === undefined))) {
    process.stderr.write("usage: verify-audit <file> [--head <hash>]\n");
    process.exit(2);
  }
  try {
    const report = verifyAudit(file, head === undefined ? {} : { head });
    process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = report.ok ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
