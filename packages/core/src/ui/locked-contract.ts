import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ServerDefinition } from "../contract/server.ts";
import { diffContracts, readContract } from "../surface/contract.ts";

/** Changes that are shown. */
const MOST = 50;

/** How the server that runs differs from the `contract.lock.json` of its project; `undefined` where there is none. */
export function lockedContract(server: ServerDefinition): { changes: string[]; more: number } | undefined {
  try {
    // Beside dist/ or src/, where the program is.
    const folder = dirname(dirname(realpathSync(process.argv[1] as string)));
    const locked: unknown = JSON.parse(readFileSync(join(folder, "contract.lock.json"), "utf8"));
    const changes = diffContracts(locked, JSON.parse(JSON.stringify(readContract(server))));
    return { changes: changes.slice(0, MOST), more: Math.max(0, changes.length - MOST) };
  } catch {
    return undefined;
  }
}
