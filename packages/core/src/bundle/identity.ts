import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import type { BuildIdentity } from "../config/build.ts";

/** What is being built, by the files of the project it is built in. */
export function readIdentity(): BuildIdentity {
  const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
  const made = readIfThere("offshoot.json");
  const { template, version: at } = made === undefined ? {} : JSON.parse(made);
  const lock = readIfThere("contract.lock.json");
  return {
    package: `${name}@${version}`,
    core: manifest.version,
    template: template === undefined ? undefined : `${template}@${at}`,
    // Without what a checkout on another system does to line ends.
    contract:
      lock === undefined
        ? undefined
        : `sha256-${createHash("sha256").update(lock.replaceAll("\r\n", "\n")).digest("base64url")}`,
  };
}

const readIfThere = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, "utf8") : undefined);
