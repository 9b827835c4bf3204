import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { templateNames } from "../../src/templates.ts";
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

/** The version after every one there is. */
export const NEXT = "99.0.0";

/** What the next release of each template adds to it, for updates to take over. */
export const ADDED_LATER = "src/added-later.ts";

/** Of each packed template a version after it, with one file more and its description changed. */
export function nextTemplates(tarballs: string[], destination: string): string[] {
  mkdirSync(destination, { recursive: true });
  return tarballs
    .filter((file) => templateNames().some((name) => basename(file).startsWith(`offshoot-${name}-`)))
    .map((file) => {
      const folder = mkdtempSync(join(destination, "next-"));
      execFileSync("tar", ["-xzf", file, "-C", folder]);
      const edit = (name: string, change: (data: Record<string, unknown>) => object): void => {
        const place = join(folder, "package", name);
        writeFileSync(place, `${JSON.stringify(change(JSON.parse(readFileSync(place, "utf8"))), null, 2)}\n`);
      };
      edit("package.json", (data) => ({ ...data, version: NEXT, description: "What came later." }));
      edit("offshoot.json", (data) => ({ ...data, version: NEXT }));
      writeFileSync(join(folder, "package", ADDED_LATER), "export const addedLater = 1;\n");
      const tarball = join(destination, basename(file).replace(/\d+\.\d+\.\d+\.tgz$/, `${NEXT}.tgz`));
      execFileSync("tar", ["-czf", tarball, "-C", folder, "package"]);
      return tarball;
    });
}
