import { statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { Refusal } from "./terminal.ts";

/** Where one kind of knowledge about one project is kept: by its device and inode, so that a renamed folder keeps it. */
export function stateOfProject(kind: "updates" | "green", project: string): string {
  const { dev, ino } = statSync(project, { bigint: true });
  return join(stateFolder(), kind, `${dev}-${ino}`);
}

/**
 * The folder in which this command keeps what it must be able to believe later: nothing that came with a project can
 * stand there. XDG Base Directory Specification; on macOS and Windows the place that applications use.
 *
 * @throws Refusal when this user has none
 */
function stateFolder(): string {
  const { XDG_STATE_HOME: given, LOCALAPPDATA: local } = process.env;
  if (given && isAbsolute(given)) return join(given, "offshoot");
  const home = homeFolder();
  if (process.platform === "win32") return join(local || join(home, "AppData", "Local"), "offshoot");
  if (process.platform === "darwin") return join(home, "Library", "Application Support", "offshoot");
  return join(home, ".local", "state", "offshoot");
}

function homeFolder(): string {
  let home = "";
  try {
    // Throws for a user without an entry and without HOME, as in a container that runs as a bare number.
    home = homedir();
  } catch {}
  if (isAbsolute(home)) return home;
  throw new Refusal(
    "This user has no home folder, where an update keeps what it needs to be undone.",
    "set XDG_STATE_HOME to a folder that only you can write.",
  );
}
