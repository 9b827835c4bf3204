import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { packedFiles } from "../check/packed-files.ts";
import { linkOnTheWay, pathProblem } from "../path-problem.ts";
import type { Project } from "../project.ts";
import { runInProject } from "../run-in-project.ts";
import { isSecretName } from "../secret-name.ts";
import { Refusal } from "../terminal.ts";

/**
 * Puts together what a bundle holds: a server that is built into dist/ with everything it needs, or one that runs from
 * its sources, with its packages beside it.
 *
 * @throws Refusal for a link, a file that has the name of a secret, and packages that cannot be installed
 */
export async function stage(project: Project, staged: string, entry: string, bundled: object): Promise<void> {
  const { folder, manifest } = project;
  const { name, version, type, dependencies } = manifest;
  const built = entry.startsWith("dist/");
  const sources = built ? filesBelow(folder, "dist") : [...(await packedFiles(folder)), ...listVendored(project)];
  const rest = { name, version, private: true, type, ...(!built && { dependencies }) };
  for (const path of [...sources.filter((path) => path !== "package.json"), "README.md", "LICENSE"])
    copy(folder, staged, path);
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(rest, null, 2)}\n`);
  writeFileSync(join(staged, "manifest.json"), `${JSON.stringify(bundled, null, 2)}\n`);
  if (built) return;
  const { green, output } = await runInProject(staged, "npm", [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
  ]);
  if (!green) throw new Refusal(`The server's packages cannot be installed: ${output}`, "fix what npm names.");
  requireWithin(staged);
}

/** npm links a dependency that is named by its folder, and what packs the bundle follows links. @throws Refusal */
function requireWithin(staged: string): void {
  const root = `${realpathSync(staged)}${sep}`;
  const links = readdirSync(staged, { recursive: true, withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  for (const { parentPath, name } of links) {
    const link = join(parentPath, name);
    if (existsSync(link) && realpathSync(link).startsWith(root)) continue;
    throw new Refusal(
      `${relative(staged, link)} leads to a folder outside the bundle, and a bundle is for others.`,
      "depend on it by a version, or by a tarball in this project: `npm pack` makes one.",
    );
  }
}

function copy(folder: string, staged: string, path: string): void {
  const stat = lstatSync(join(folder, path), { throwIfNoEntry: false });
  if (stat === undefined) return;
  const plain = stat.isFile() && linkOnTheWay(folder, path) === undefined;
  const reason = plain ? (isSecretName(path) ? "has the name of a secret" : undefined) : "is not a plain file";
  if (reason !== undefined)
    throw new Refusal(
      `${path} ${reason}, and a bundle is for others.`,
      "remove it, or give it another name if it is none, and build again.",
    );
  mkdirSync(dirname(join(staged, path)), { recursive: true });
  copyFileSync(join(folder, path), join(staged, path));
}

/** Tarballs that dependencies name by their place, such as core's where the registry does not have it yet. */
const listVendored = ({ folder, manifest }: Project): string[] =>
  Object.values(manifest.dependencies ?? {})
    .filter((range) => range.startsWith("file:"))
    .map((range) => range.slice("file:".length))
    .filter(
      (path) =>
        pathProblem(path) === undefined && existsSync(join(folder, path)) && lstatSync(join(folder, path)).isFile(),
    );

/** What is in a folder that is one itself; a link is listed and not followed. */
function filesBelow(folder: string, path: string): string[] {
  if (!lstatSync(join(folder, path)).isDirectory()) return [path];
  return readdirSync(join(folder, path)).flatMap((name) => filesBelow(folder, `${path}/${name}`));
}
