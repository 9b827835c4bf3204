import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** The folder for what this server remembers, where the system keeps such things. Undefined for a user without a home. */
export function stateHome(name: string): string | undefined {
  const { XDG_STATE_HOME: chosen = "", LOCALAPPDATA: local = "" } = process.env;
  if (isAbsolute(chosen)) return join(chosen, name);
  const home = homeOf();
  if (!isAbsolute(home)) return undefined;
  if (process.platform === "win32") return join(local || join(home, "AppData", "Local"), name);
  if (process.platform === "darwin") return join(home, "Library", "Application Support", name);
  return join(home, ".local", "state", name);
}

function homeOf(): string {
  try {
    return homedir();
  } catch {
    return ""; // a user that the system does not know, as in a container
  }
}
