import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Manifest } from "../manifest.ts";
import { runInProject } from "../run-in-project.ts";
import { Refusal } from "../terminal.ts";

/** One of the project's own scripts, run. */
export interface Gate {
  name: string;
  green: boolean;
  /** What it printed, when it is red. */
  output: string;
  tookMs: number;
}

const LOCKS = {
  "package-lock.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
};

/** The package manager whose lockfile lies in a project, or in the workspace around it; npm when there is none. */
export function managerOf(folder: string): string {
  const found = Object.entries(LOCKS).find(([file]) => existsSync(join(folder, file)));
  if (found !== undefined) return found[1];
  const parent = dirname(folder);
  return parent === folder || existsSync(join(folder, ".git")) ? "npm" : managerOf(parent);
}

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

/** @throws Refusal when nothing is installed, or a script fails already: what the update broke could not be told from it */
export async function requireGreen(
  folder: string,
  names: readonly string[],
  onStep: (step: string) => void,
): Promise<void> {
  if (!isInstalled(folder))
    throw new Refusal(
      "Nothing is installed, so the project's scripts cannot say whether it works.",
      "install, or pass --no-gates.",
    );
  const gates = await runGates(folder, names, (name) => onStep(`Before the update: ${name}`));
  const red = gates.find(({ green }) => !green);
  if (red)
    throw new Refusal(
      `\`${red.name}\` fails before the update, so afterwards it would be unknown what the update broke:\n${red.output}`,
      "fix it first, or pass --no-gates.",
    );
}

/** Whether there are packages for a project: its own, or those of a workspace around it. */
function isInstalled(folder: string): boolean {
  const parent = dirname(folder);
  return existsSync(join(folder, "node_modules")) || (parent !== folder && isInstalled(parent));
}

/** `npm install`, after an update that changed what is depended on. */
export const reinstall = (folder: string): Promise<Gate> => runGate(folder, "install", ["install"]);

async function runGate(folder: string, name: string, args: string[]): Promise<Gate> {
  const since = Date.now();
  const { green, output } = await runInProject(folder, managerOf(folder), args);
  const lines = green ? "" : output.split("\n").slice(-40).join("\n");
  return { name, green, output: lines, tookMs: Date.now() - since };
}
