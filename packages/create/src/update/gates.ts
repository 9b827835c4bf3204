import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../project.ts";
import { runInProject } from "../run-in-project.ts";

/** One of the project's own scripts, run. */
export interface Gate {
  name: string;
  green: boolean;
  /** What it printed, when it is red. */
  output: string;
  tookMs: number;
}

const LOCKS = { "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun" };

/** The package manager whose lockfile lies in a project; npm when there is none. */
export const managerOf = (folder: string): string =>
  Object.entries(LOCKS).find(([file]) => existsSync(join(folder, file)))?.[1] ?? "npm";

/** The scripts that say whether a project works: what its CI runs, in that order. */
export const gatesOf = ({ scripts = {} }: Manifest): string[] =>
  ["types", "build", "test"].filter((name) => name in scripts);

/** Runs a project's gates in order, up to the first red one; `onGate` hears which one begins. */
export async function runGates(
  folder: string,
  names: readonly string[],
  onGate: (name: string) => void,
): Promise<Gate[]> {
  const gates: Gate[] = [];
  for (const name of names) {
    onGate(name);
    const gate = await runGate(folder, name, ["run", name]);
    gates.push(gate);
    if (!gate.green) break;
  }
  return gates;
}

/** `npm install`, after an update that changed what is depended on. */
export const reinstall = (folder: string): Promise<Gate> => runGate(folder, "install", ["install"]);

async function runGate(folder: string, name: string, args: string[]): Promise<Gate> {
  const since = Date.now();
  const { green, output } = await runInProject(folder, managerOf(folder), args);
  const told = green ? "" : output.split("\n").slice(-40).join("\n");
  return { name, green, output: told, tookMs: Date.now() - since };
}
