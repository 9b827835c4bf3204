import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { npm } from "../npm.ts";
import { Refusal } from "../terminal.ts";

const run = promisify(execFile);
const checkout = fileURLToPath(new URL("../../../", import.meta.url));

/** Where a project takes `@offshoot/core` from: the registry, or a tarball of a checkout in its own `vendor/`. */
export type CoreSource = "registry" | "pack";

/** The checkout that this package stands in, or undefined when it was installed. */
const checkoutFolder = (): string | undefined =>
  existsSync(join(checkout, "packages/core/src")) && existsSync(join(checkout, "scripts/bootstrap.mjs"))
    ? checkout
    : undefined;

/** The source that works: an installed package's core is on the registry, a checkout's perhaps not yet. */
export async function findCore(range: string): Promise<CoreSource> {
  if (!checkoutFolder()) return "registry";
  const found = await npm(
    "view",
    `@offshoot/core@${range}`,
    "version",
    "--json",
    "--fetch-retries=0",
    "--fetch-timeout=20000",
  ).catch(() => "");
  return found.trim() === "" ? "pack" : "registry";
}

/**
 * Packs core into `vendor/` of a project and returns the `file:` range for it. The name carries a hash of the content:
 * package managers keep a tarball by its name, and would not see that another stands in its place.
 */
export async function packCore(project: string): Promise<string> {
  const folder = checkoutFolder();
  if (!folder) {
    throw new Refusal(
      "This command does not run from a checkout, so there is no core to pack.",
      "leave --core pack out.",
    );
  }
  if (!existsSync(join(folder, "packages/core/dist/index.js"))) {
    throw new Refusal("core is not built.", `\`npm start\` in ${folder} builds it.`);
  }
  const vendor = join(project, "vendor");
  mkdirSync(vendor, { recursive: true });
  const draft = mkdtempSync(join(vendor, "draft-"));
  try {
    // pnpm writes what `catalog:` stands for; the bootstrap brings it.
    const pack = ["exec", "pnpm", "--dir", join(folder, "packages/core"), "pack", "--pack-destination", draft];
    await run(process.execPath, [join(folder, "scripts/bootstrap.mjs"), ...pack]);
    const [tarball] = readdirSync(draft) as [string];
    const hash = createHash("sha256")
      .update(readFileSync(join(draft, tarball)))
      .digest("hex")
      .slice(0, 12);
    const name = tarball.replace(/\.tgz$/, `-${hash}.tgz`);
    renameSync(join(draft, tarball), join(vendor, name));
    return `file:vendor/${name}`;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
