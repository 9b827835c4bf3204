import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "./ways.ts";

/** Packs core, the templates and this package as they would be published. Needs a build and pnpm. */
export function packAll(destination: string): string[] {
  mkdirSync(destination, { recursive: true });
  const templates = readdirSync(join(checkout, "templates")).map((name) => `templates/${name}`);
  for (const folder of ["packages/core", "packages/create", ...templates]) {
    execFileSync("pnpm", ["pack", "--pack-destination", destination], { cwd: join(checkout, folder), stdio: "pipe" });
  }
  return readdirSync(destination).map((file) => join(destination, file));
}

/** The registry that npm is configured with on this machine. */
export const configuredRegistry = (): string =>
  process.env.npm_config_registry || execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
