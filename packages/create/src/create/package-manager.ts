import { spawn } from "node:child_process";
import { Refusal } from "../terminal.ts";

const packageManagers = ["npm", "pnpm", "yarn", "bun"] as const;
export type PackageManager = (typeof packageManagers)[number];

/** The one that started us (`pnpm create offshoot`), otherwise npm. */
export function detectPackageManager(agent = process.env.npm_config_user_agent ?? ""): PackageManager {
  return packageManagers.find((name) => agent.startsWith(`${name}/`)) ?? "npm";
}

/** The package manager of that name. Throws a {@link Refusal} for another name. */
export function packageManagerOf(name: string): PackageManager {
  const found = packageManagers.find((known) => known === name);
  if (!found)
    throw new Refusal(`There is no package manager "${name}".`, `choose one of: ${packageManagers.join(", ")}.`);
  return found;
}

/** Runs `<manager> install` in a folder. Returns what it printed when it failed, otherwise undefined. */
export async function install(manager: PackageManager, folder: string): Promise<string | undefined> {
  // npm's own settings of the command that started us are not the project's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_registry)/.test(name) && name !== "INIT_CWD"),
  );
  const child = spawn(manager, ["install"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((done) => {
    child.on("error", (error) => done(error.message));
    child.on("close", (code) => done(code === 0 ? undefined : output.trimEnd() || `exit code ${code}`));
  });
}
