import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { list } from "tar";
import { renamed } from "../create/rename.ts";
import { npm } from "../npm.ts";
import type { Marker } from "../project.ts";
import { readTemplate, type Template, templateNames } from "../templates.ts";
import { Refusal } from "../terminal.ts";
import type { Files } from "./files.ts";
import type { ScratchRepository } from "./git.ts";
import { snapshot, takesPart } from "./snapshot.ts";

/** A release of a template, under the project's own name. */
export interface Release {
  version: string;
  files: Files;
}

const nameOf = (template: string): string => `@offshoot/${template}`;

/** The newest version on the registry. @throws Refusal when that cannot be asked */
export async function latestVersion(template: string, wanted = "latest"): Promise<string> {
  try {
    const said: unknown = JSON.parse(await npm("view", `${nameOf(template)}@${wanted}`, "version", "--json"));
    const version = Array.isArray(said) ? said.at(-1) : said;
    if (typeof version === "string") return version;
    throw new Error("no such version");
  } catch (cause) {
    throw new Refusal(
      `The registry does not tell of ${nameOf(template)}@${wanted}: ${reasonOf(cause)}`,
      "try again when it can be reached, or give a folder or tarball of the template with --from.",
      { cause },
    );
  }
}

/**
 * A release's files: from a folder or a tarball, from the templates that this package carries, or from the registry
 * that npm is set to.
 */
export async function readRelease(
  repository: ScratchRepository,
  { template, name }: Marker,
  { version, from, option }: { version?: string; from?: string | undefined; option: string },
): Promise<Release> {
  const found =
    from !== undefined ? await readFrom(repository, from, option) : await readVersion(template, version as string);
  const manifest = JSON.parse(String(found.get("package.json")?.bytes ?? "{}")) as {
    version?: string;
    description?: string;
  };
  if (manifest.version === undefined || !found.has("offshoot.json"))
    throw new Refusal(
      `${from ?? template} is not a template: it has no offshoot.json.`,
      `name the template's own folder with ${option}.`,
    );
  const read: Template = {
    name: template,
    version: manifest.version,
    description: manifest.description ?? "",
    files: found,
  };
  const files = name === undefined ? found : renamed(read, name);
  return { version: read.version, files: new Map([...files].filter(([path]) => takesPart(path))) };
}

async function readFrom(repository: ScratchRepository, from: string, option: string): Promise<Files> {
  const place = resolve(from);
  if (!existsSync(place))
    throw new Refusal(`There is no ${place}.`, `name a folder or a tarball of the template with ${option}.`);
  return statSync(place).isDirectory() ? snapshot(repository, place) : readTarball(place);
}

async function readVersion(template: string, version: string): Promise<Files> {
  if (templateNames().includes(template)) {
    const carried = readTemplate(template);
    if (carried.version === version) return new Map(carried.files);
  }
  const folder = mkdtempSync(join(tmpdir(), "offshoot-release-"));
  try {
    await npm("pack", `${nameOf(template)}@${version}`, "--pack-destination", folder);
    return await readTarball(join(folder, readdirSync(folder)[0] as string));
  } catch (cause) {
    throw new Refusal(
      `${nameOf(template)}@${version} cannot be had from the registry: ${reasonOf(cause)}`,
      "try again when it can be reached, or give folders or tarballs of the template with --base and --from.",
      { cause },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readTarball(file: string): Promise<Files> {
  const files: Files = new Map();
  await list({
    file,
    strict: true,
    onReadEntry(entry) {
      if (entry.type !== "File" && entry.type !== "OldFile") return;
      const chunks: Buffer[] = [];
      entry.on("data", (chunk) => chunks.push(chunk));
      entry.on("end", () => {
        // The first folder is the package, whatever it is called.
        const path = entry.path.replace(/^[^/]*\//, "");
        files.set(path, { bytes: Buffer.concat(chunks), executable: ((entry.mode ?? 0) & 0o100) !== 0 });
      });
    },
  });
  return files;
}

const reasonOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr || message).split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  return lines.find((line) => line !== "" && !line.startsWith("code ") && !line.startsWith("npm warn")) ?? message;
};
