import { createScrub } from "../telemetry/scrub.ts";
import { openAudit } from "./audit.ts";
import { type ControlledServer, followControlFile, type StartedWith } from "./control-file.ts";

/**
 * Opens the audit and follows the control file, where they are set. A configuration that is not the one last recorded
 * is a change of its own.
 *
 * @returns how to end both
 * @throws SettingsError in one line, when either cannot be used
 */
export function startControl(
  app: ControlledServer,
  config: StartedWith & { control?: string | undefined },
  digest?: string,
): () => void {
  const audit = config.audit === undefined ? undefined : openAudit(config.audit, { log: app.log });
  if (audit !== undefined) {
    app.control.keep(audit.record);
    const after = JSON.parse(createScrub()(JSON.stringify({ digest, ...config })));
    if (JSON.stringify(after) !== JSON.stringify(audit.lastConfig)) {
      const by = process.getuid === undefined ? "operator" : `uid ${process.getuid()}`;
      app.control.emit({ what: "config", before: audit.lastConfig ?? null, after, by });
    }
  }
  try {
    const stop = config.control === undefined ? undefined : followControlFile(config.control, app, config);
    return () => {
      stop?.();
      audit?.close();
    };
  } catch (error) {
    audit?.close();
    throw error;
  }
}
