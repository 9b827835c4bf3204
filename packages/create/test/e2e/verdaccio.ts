import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import { isUp } from "./answering.ts";
import { must } from "./command.ts";
import { configuredRegistry } from "./packed.ts";

/** The registry server that most people host themselves; what it has not it asks the configured one for. */
export async function openVerdaccio(folder: string): Promise<{ url: string; close(): Promise<void> }> {
  mkdirSync(folder);
  // One of its dependencies is asked for by a tag that not every registry carries.
  const manifest = { private: true, dependencies: { verdaccio: "^6.0.0" }, overrides: { "node-fetch": "^2.7.0" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await must(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"], folder);
  const port = await freePort();
  const access = { access: "$all", publish: "$all", unpublish: "$all" };
  const config = {
    storage: join(folder, "storage"),
    uplinks: { upstream: { url: configuredRegistry(), max_fails: 100, timeout: "60s" } },
    packages: {
      "@offshoot/*": access,
      "create-offshoot": access,
      "**": { access: "$all", proxy: "upstream" },
    },
    max_body_size: "100mb",
    log: { type: "stdout", format: "json", level: "warn" },
  };
  // YAML is a superset of JSON.
  writeFileSync(join(folder, "config.yaml"), JSON.stringify(config));
  const bin = join(folder, "node_modules/verdaccio/bin/verdaccio");
  const args = [bin, "--config", "config.yaml", "--listen", `127.0.0.1:${port}`];
  const server = spawn(process.execPath, args, { cwd: folder, stdio: "ignore" });
  const exit = once(server, "exit");
  process.on("exit", () => server.kill());
  const url = `http://127.0.0.1:${port}/`;
  if (!(await isUp(server, `${url}-/ping`, 30))) throw new Error("verdaccio did not start");
  return {
    url,
    async close() {
      server.kill();
      await exit;
    },
  };
}
