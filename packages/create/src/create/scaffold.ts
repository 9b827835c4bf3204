import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { takePidLock } from "../../../core/src/control/pid-lock.ts";
import type { Marker } from "../marker.ts";
import type { Template } from "../templates.ts";
import { Refusal } from "../terminal.ts";
import { type CoreSource, packCore } from "./core.ts";
import { renameTemplate } from "./rename.ts";

/** Refuses a place that has something in it. */
export function requireEmpty(folder: string): void {
  if (!existsSync(folder)) return;
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (cause) {
    throw new Refusal(`${folder} is not a folder that can be read.`, "choose another place.", { cause });
  }
  if (entries.length > 0) {
    throw new Refusal(
      `${folder} is not empty (${entries.slice(0, 3).join(", ")}${entries.length > 3 ? ", …" : ""}).`,
      "choose a new folder: existing files are never overwritten.",
    );
  }
}

/** Writes a project in full, or nothing: it is made aside and moved into its place when it is whole. */
export async function scaffold(
  target: string,
  template: Template,
  { name, core, own }: { name: string; core: CoreSource; own: boolean },
): Promise<void> {
  const folder = resolve(target);
  const missing = missingFolders(folder);
  let draft: string | undefined;
  const forgetDraft = (): void => {
    if (draft) rmSync(draft, { recursive: true, force: true });
  };
  const forgetAll = (): void => {
    forgetDraft();
    for (const made of missing) removeIfEmpty(made);
  };
  // Ctrl+C while core is packed goes past `finally`.
  process.on("exit", forgetAll);
  try {
    mkdirSync(dirname(folder), { recursive: true });
    draft = mkdtempSync(join(dirname(folder), ".offshoot-draft-"));
    for (const [path, { bytes, executable }] of renameTemplate(template, name)) {
      const file = join(draft, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes, { mode: executable ? 0o755 : 0o644 });
    }
    if (own) claimDomain(join(draft, "offshoot.json"));
    if (core === "pack") dependOn(join(draft, "package.json"), await packCore(draft));
    placeDraft(draft, folder);
  } catch (error) {
    forgetAll();
    throw error;
  } finally {
    process.off("exit", forgetAll);
    forgetDraft();
  }
}

/** Moves a project that is whole into its place. Of two commands at once one is refused, and takes nothing of the other's away. */
function placeDraft(draft: string, folder: string): void {
  const unlock = takePidLock(folder);
  if (typeof unlock === "string")
    throw new Refusal(`${folder} is being written by ${unlock}.`, "look at what it makes, or choose another place.");
  const moved: string[] = [];
  try {
    requireEmpty(folder);
    // An empty folder that is already there stays the same folder: it may be the one the user stands in.
    mkdirSync(folder, { recursive: true });
    for (const entry of readdirSync(draft)) {
      renameSync(join(draft, entry), join(folder, entry));
      moved.push(join(folder, entry));
    }
  } catch (error) {
    for (const entry of moved) rmSync(entry, { recursive: true, force: true });
    throw error;
  } finally {
    unlock();
  }
}

/** The folders on the way to this one that are not there yet, the deepest first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(folder))];
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Never made, or someone else's by now.
  }
}

/** What a template calls its domain is the project's own from the beginning. */
function claimDomain(file: string): void {
  const { domain = [], ...marker } = JSON.parse(readFileSync(file, "utf8")) as Marker;
  writeFileSync(file, `${JSON.stringify({ ...marker, domain, mine: [...domain, "README.md"] }, null, 2)}\n`);
}

function dependOn(file: string, range: string): void {
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  manifest.dependencies["@offshoot/core"] = range;
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}
