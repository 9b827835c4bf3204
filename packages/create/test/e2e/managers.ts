import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { command, must } from "./command.ts";

/** A package manager as its users type it. */
export interface Manager {
  name: string;
  install: string[];
  run: (script: string, words?: string[]) => string[];
  /** Its own `create` command. */
  create: (folder: string, template: string) => string[];
  /** `offshoot` from the registry, in a project that does not depend on it. */
  offshoot: (...words: string[]) => string[];
}

const words = (folder: string, template: string) => [folder, "--template", template, "--no-git"];

export const managers: Manager[] = [
  {
    name: "npm",
    install: ["npm", "install", "--no-audit", "--no-fund"],
    run: (script, words = []) => ["npm", "run", script, "--", ...words],
    offshoot: (...words) => ["npm", "exec", "--yes", "--package=create-offshoot", "--", "offshoot", ...words],
    create: (folder, template) => {
      const [first, ...rest] = words(folder, template) as [string, ...string[]];
      return ["npm", "create", "--yes", "offshoot@latest", first, "--", ...rest];
    },
  },
  {
    name: "pnpm",
    install: ["pnpm", "install"],
    run: (script, words = []) => ["pnpm", "run", script, ...words],
    offshoot: (...words) => ["pnpm", "--package=create-offshoot", "dlx", "offshoot", ...words],
    create: (folder, template) => ["pnpm", "create", "offshoot@latest", ...words(folder, template)],
  },
  {
    name: "yarn",
    install: ["yarn", "install"],
    run: (script, words = []) => ["yarn", "run", script, ...words],
    offshoot: (...words) => ["yarn", "dlx", "-q", "-p", "create-offshoot", "offshoot", ...words],
    create: (folder, template) => ["yarn", "create", "offshoot@latest", ...words(folder, template)],
  },
  {
    name: "bun",
    install: ["bun", "install"],
    run: (script, words = []) => ["bun", "run", script, ...words],
    offshoot: (...words) => ["bun", "x", "-p", "create-offshoot", "offshoot", ...words],
    create: (folder, template) => ["bun", "create", "offshoot@latest", ...words(folder, template)],
  },
];

/** Puts yarn, bun and the two copiers into a folder; npm and pnpm are there already. Returns the folder of their bins. */
export async function installTools(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const tools = ["@yarnpkg/cli-dist@4", "bun@1", "degit@3", "giget@3"];
  // bun's own install script only swaps its placeholder for the binary, which is named below.
  const flags = ["--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  await must(["npm", "install", ...flags, "--prefix", folder, ...tools], folder);
  const bins = join(folder, "node_modules/.bin");
  const bun = join(folder, "node_modules/@oven", `bun-${platform()}-${process.arch}`, "bin");
  return [...(existsSync(bun) ? [bun] : []), bins].join(delimiter);
}

const platform = () => (process.platform === "win32" ? "windows" : process.platform);

/**
 * yarn insists on every platform's package, also of the platforms that it will not install, and a registry can lack some
 * of a new version for days. Holds what has them, such as rollup, at the newest version of the one that yarn misses.
 * Returns what it held, or undefined when that was not the trouble.
 */
export async function holdBack(project: string, output: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const [, missing, whole] = /(@([\w.-]+)\/\2-[\w-]+)@npm:\S+ No candidates found/.exec(output) ?? [];
  if (!missing || !whole) return undefined;
  const { output: view } = await command(["npm", "view", missing, "version", "--loglevel=error"], project, env);
  const version = /^\d+\.\d+\.\d+$/m.exec(view)?.[0];
  const file = join(project, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, `${JSON.stringify({ ...manifest, resolutions: { [whole]: version } }, null, 2)}\n`);
  return `${whole} held at ${version}`;
}

/** The environment in which all four use a registry of ours, and nothing that they cached of another run's packages. */
export function environment(registry: string, path: string, scratch: string): NodeJS.ProcessEnv {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|yarn_|bun_|ci$|init_cwd$)/i.test(name)),
  );
  return {
    ...env,
    PATH: [path, process.env.PATH].join(delimiter),
    npm_config_registry: registry,
    pnpm_config_registry: registry,
    YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, ""),
    YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
    YARN_ENABLE_TELEMETRY: "0",
    YARN_GLOBAL_FOLDER: join(scratch, "yarn"),
    BUN_CONFIG_REGISTRY: registry,
    BUN_INSTALL_CACHE_DIR: join(scratch, "bun"),
  };
}
