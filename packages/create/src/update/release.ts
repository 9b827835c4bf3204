import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LOCK } from "../contract/lock-file.ts";
import { renameTemplate } from "../create/rename.ts";
import { type Manifest, manifestProblem } from "../manifest.ts";
import { type Marker, markerProblem } from "../marker.ts";
import { npm } from "../npm.ts";
import { parseJsonObject } from "../parse-json.ts";
import { pathProblem, samePlace } from "../path-problem.ts";
import { POLICY_LOCK } from "../policy/policy-lock.ts";
import { readTemplate, type Template, templateNames } from "../templates.ts";
import { Refusal } from "../terminal.ts";
import { beforePacking } from "./before-packing.ts";
import type { Files } from "./files.ts";
import type { ScratchRepository } from "./git.ts";
import { readTarball, refuseRelease } from "./read-tarball.ts";
import { snapshot, takesPart } from "./snapshot.ts";
import { isVersion, isVersionOrTag } from "./version.ts";

/** A release of a template, under the project's own name. */
export interface Release {
  version: string;
  files: Files;
}

const nameOf = (name: string): string => `@offshoot/${name}`;

/** The newest version of core or of a template on the registry. @throws Refusal when that cannot be asked */
export async function latestVersion(name: string, wanted = "latest"): Promise<string> {
  if (!isVersionOrTag(wanted))
    throw new Refusal(`${JSON.stringify(wanted)} is not a version or a tag.`, "name one, such as 0.4.0 or latest.");
  try {
    const said: unknown = JSON.parse(await npm("view", `${nameOf(name)}@${wanted}`, "version", "--json"));
    const version = Array.isArray(said) ? said.at(-1) : said;
    if (isVersion(version)) return version;
    throw new Error("no such version");
  } catch (cause) {
    throw new Refusal(
      `The registry did not give ${nameOf(name)}@${wanted}: ${reasonOf(cause)}`,
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
  { version, from, option }: { version?: string | undefined; from?: string | undefined; option: string },
): Promise<Release> {
  if (version !== undefined && !isVersion(version))
    throw new Refusal(`${JSON.stringify(version)} is not a version.`, "name one exactly, such as 0.4.0.");
  const brought =
    from !== undefined ? await readFrom(repository, from, option) : await readVersion(template, version as string);
  const origin = from ?? `${nameOf(template)}@${version}`;
  requireHarmless(brought, origin);
  const { manifest, marker } = readIdentity(brought, origin, { option, renamed: name !== undefined });
  if (marker.template !== template)
    throw new Refusal(
      `${origin} is the template ${marker.template}, and this project comes from ${template}.`,
      `name a version of ${template} with ${option}.`,
    );
  const found = beforePacking(brought);
  const read: Template = {
    name: template,
    version: manifest.version,
    description: manifest.description ?? "",
    files: found,
  };
  const files = name === undefined ? found : renameTemplate(read, name);
  return { version: read.version, files: new Map([...files].filter(([path]) => takesPart(path))) };
}

/** What a release says of itself, read as strictly as a project's own files. @throws Refusal */
function readIdentity(
  files: Files,
  origin: string,
  { option, renamed }: { option: string; renamed: boolean },
): { manifest: Manifest & { version: string }; marker: Marker } {
  const read = (path: string): Record<string, unknown> => {
    const bytes = files.get(path)?.bytes;
    if (bytes === undefined) throw notATemplate(origin, option);
    try {
      return parseJsonObject(bytes);
    } catch (cause) {
      return refuseRelease(origin, `a ${path} that ${(cause as Error).message}`);
    }
  };
  const manifest: Manifest = read("package.json");
  const marker = read("offshoot.json");
  for (const lock of [LOCK, POLICY_LOCK]) if (files.has(lock)) read(lock);
  if (manifest.version === undefined) throw notATemplate(origin, option);
  const wrong = manifestProblem(manifest) ?? (renamed && manifest.bin === undefined ? "no bin is named" : undefined);
  if (wrong !== undefined) refuseRelease(origin, `a package.json in which ${wrong}`);
  const odd = markerProblem(marker);
  if (odd !== undefined) refuseRelease(origin, `an offshoot.json that ${odd.what}`);
  return { manifest: manifest as Manifest & { version: string }, marker: marker as unknown as Marker };
}

/** What a release brings is a stranger's word: every path is looked at before any of it is used. */
function requireHarmless(files: Files, origin: string): void {
  const refuse = (what: string): never => refuseRelease(origin, what);
  for (const [path, { link }] of files) {
    const problem = pathProblem(path);
    if (problem !== undefined) refuse(`${JSON.stringify(path)}, which ${problem}`);
    if (link) refuse(`${JSON.stringify(path)}, which is a link`);
  }
  const same = samePlace(files.keys());
  if (same) refuse(`${JSON.stringify(same[0])} and ${JSON.stringify(same[1])}, which are the same file on some disks`);
}

const notATemplate = (what: string, option: string): Refusal =>
  new Refusal(
    `${what} is not a template: it needs an offshoot.json, and a package.json with a version.`,
    `name the template's own folder with ${option}.`,
  );

async function readFrom(repository: ScratchRepository, from: string, option: string): Promise<Files> {
  const place = resolve(from);
  if (!existsSync(place))
    throw new Refusal(`There is no ${place}.`, `name a folder or a tarball of the template with ${option}.`);
  if (!statSync(place).isDirectory()) return readTarball(place);
  // Before all of it is read: it may be a home, or a whole disk.
  if (!existsSync(join(place, "offshoot.json")) || !existsSync(join(place, "package.json")))
    throw notATemplate(from, option);
  return snapshot(repository, place);
}

async function readVersion(template: string, version: string): Promise<Files> {
  if (templateNames().includes(template)) {
    const carried = readTemplate(template);
    if (carried.version === version) return new Map(carried.files);
  }
  const folder = mkdtempSync(join(tmpdir(), "offshoot-release-"));
  try {
    await npm("pack", `${nameOf(template)}@${version}`, "--pack-destination", folder);
    return readTarball(join(folder, readdirSync(folder)[0] as string));
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal(
      `${nameOf(template)}@${version} cannot be read from the registry: ${reasonOf(cause)}`,
      "try again when it can be reached, or give folders or tarballs of the template with --base and --from.",
      { cause },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const reasonOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr || message).split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  return lines.find((line) => line !== "" && !line.startsWith("code ") && !line.startsWith("npm warn")) ?? message;
};
