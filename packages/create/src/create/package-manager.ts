import { runInProject } from "../run-in-project.ts";
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
  const { green, output } = await runInProject(folder, manager, ["install"]);
  return green ? undefined : output;
}
