import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Longest that a start may take, in ms. */
const START_MS = 20_000;

/** Runs before the server: an empty store for what it converts, written to a file as it ends. */
const keep = (file: string): string => `
  const ready = globalThis[Symbol.for("offshoot.readySchemas")] = new Map();
  process.on("exit", () => process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(file)}, JSON.stringify([...ready])));`;

/**
 * The JSON Schemas that a server converts while it starts, as JSON. It is started once, in an empty folder that is its
 * user's home too, and with a client that leaves at once. A server that cannot start so converts its schemas at each
 * start, as it does from its sources.
 */
export function recordSchemas([server = "", ...args]: readonly string[]): string {
  const home = mkdtempSync(join(tmpdir(), "offshoot-schemas-"));
  try {
    const file = join(home, "ready-schemas.json");
    const folders = ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP"];
    // Nothing else of this environment: a setting in it may name a user's data, and this start is not meant for it.
    const { PATH = "", SystemRoot = "" } = process.env;
    const before = `data:text/javascript,${encodeURIComponent(keep(file))}`;
    spawnSync(process.execPath, ["--import", before, resolve(server), ...args], {
      cwd: home,
      env: { PATH, SystemRoot, ...Object.fromEntries(folders.map((name) => [name, home])) },
      stdio: ["ignore", "ignore", "ignore"],
      timeout: START_MS,
    });
    return existsSync(file) ? readFileSync(file, "utf8") : "[]";
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
