import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ownEnvironment } from "../npm.ts";
import type { Manifest } from "../project.ts";

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

/** The scripts that say whether a project works. */
export const gatesOf = ({ scripts = {} }: Manifest): string[] => ["build", "test"].filter((name) => name in scripts);

/** Runs a project's gates in order, up to the first red one. */
export async function runGates(folder: string, names: readonly string[]): Promise<Gate[]> {
  const gates: Gate[] = [];
  for (const name of names) {
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
  const child = spawn(managerOf(folder), args, {
    cwd: folder,
    env: ownEnvironment(),
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const green = await new Promise<boolean>((done) => {
    child.on("error", (error) => {
      output += error.message;
      done(false);
    });
    child.on("close", (code) => done(code === 0));
  });
  return {
    name,
    green,
    output: green ? "" : output.trimEnd().split("\n").slice(-40).join("\n"),
    tookMs: Date.now() - since,
  };
}
