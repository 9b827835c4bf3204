import { cpSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { must } from "./command.ts";
import type { Manager } from "./managers.ts";

export const checkout = fileURLToPath(new URL("../../../../", import.meta.url));
const main = join(checkout, "packages/create/dist/main.js");

/** A way to come by a project: makes `cwd/project`. */
export interface Way {
  name: string;
  get(project: { cwd: string; template: string; manager: Manager; env: NodeJS.ProcessEnv }): Promise<unknown>;
}

export const ways: Way[] = [
  {
    name: "create, from a checkout",
    get: ({ cwd, template, env }) =>
      must([process.execPath, main, "project", "--template", template, "--core", "pack", "--no-git"], cwd, env),
  },
  {
    name: "create, from the registry",
    get: ({ cwd, template, manager, env }) => must(manager.create("project", template), cwd, env),
  },
  {
    name: "degit",
    get: ({ cwd, template, env }) => must(["degit", `acme/offshoot/templates/${template}`, "project"], cwd, env),
  },
  {
    name: "giget",
    get: ({ cwd, template, env }) => must(["giget", `git:acme/offshoot/templates/${template}`, "project"], cwd, env),
  },
  {
    name: "git clone and copy",
    async get({ cwd, template, env }) {
      await must(
        ["git", "clone", "--quiet", "--depth", "1", "https://github.com/acme/offshoot.git", "clone"],
        cwd,
        env,
      );
      renameSync(join(cwd, "clone/templates", template), join(cwd, "project"));
    },
  },
];

/**
 * A bare repository of what is committed here, and the variables that make git read it in the place of GitHub's, so that
 * degit and its like do what they always do.
 */
export async function localGitHub(folder: string): Promise<NodeJS.ProcessEnv> {
  const bare = join(folder, "acme/offshoot");
  mkdirSync(dirname(bare), { recursive: true });
  await must(["git", "clone", "--quiet", "--bare", checkout, bare], folder);
  cpSync(bare, `${bare}.git`, { recursive: true });
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `url.file://${folder}/.insteadOf`,
    GIT_CONFIG_VALUE_0: "https://github.com/",
  };
}
