import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, installTools } from "./managers.ts";
import { configuredRegistry, nextTemplates, packAll } from "./packed.ts";
import { openRegistry } from "./registry.ts";
import { localGitHub } from "./ways.ts";

/** A registry and a git host of this machine, and the package managers that use them. */
export interface Stage {
  env: NodeJS.ProcessEnv;
  /** A folder of its own for each trial. */
  folder(): string;
  close(): void;
}

/** What is packed here stands on the registry as released, and of each template the version after it as `next`. */
export async function openStage(): Promise<Stage> {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "offshoot-e2e-")));
  const tarballs = packAll(join(scratch, "tarballs"));
  const later = nextTemplates(tarballs, join(scratch, "later"));
  const registry = await openRegistry([...tarballs, ...later], configuredRegistry());
  const tools = await installTools(join(scratch, "tools"));
  let folders = 0;
  return {
    env: { ...environment(registry.url, tools, scratch), ...(await localGitHub(join(scratch, "github"))) },
    folder() {
      folders += 1;
      const folder = join(scratch, `work-${folders}`);
      mkdirSync(folder);
      return folder;
    },
    close() {
      registry.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
