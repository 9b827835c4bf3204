import { list } from "tar";
import { pathProblem } from "../path-problem.ts";
import { Refusal } from "../terminal.ts";
import type { Files } from "./files.ts";

/** Far more than any template has; an archive that says more is not one. */
const MAX_FILES = 5000;
const MAX_BYTES = 64 * 2 ** 20;

/**
 * The files of a package's tarball, by their paths below its one folder. Nothing is unpacked onto the disk.
 *
 * @throws Refusal for a link, a device, a path that must not be written, or an archive that is too large
 */
export async function readTarball(file: string): Promise<Files> {
  const files: Files = new Map();
  let size = 0;
  let top: string | undefined;
  // A throw inside tar's callbacks is lost: the first problem is kept, and told at the end.
  let problem: string | undefined;
  const look = (path: string, type: string): string | undefined => {
    const name = JSON.stringify(path);
    const wrong = pathProblem(type === "Directory" ? path.replace(/\/$/, "") : path);
    if (wrong !== undefined) return `${name}, which ${wrong}`;
    if (!["File", "OldFile", "ContiguousFile", "Directory"].includes(type)) return `${name}, which is not a file`;
    const first = path.split("/", 1)[0] as string;
    top ??= first;
    if (first !== top) return `${name} beside the folder "${top}"`;
    if (files.size >= MAX_FILES) return `more than ${MAX_FILES} files`;
    return undefined;
  };
  await list({
    file,
    strict: true,
    onReadEntry(entry) {
      problem ??= look(entry.path, entry.type);
      if (problem !== undefined || entry.type === "Directory") return;
      const chunks: Buffer[] = [];
      entry.on("data", (chunk) => {
        size += chunk.length;
        if (size > MAX_BYTES) problem ??= `more than ${MAX_BYTES / 2 ** 20} MiB`;
        else chunks.push(chunk);
      });
      entry.on("end", () => {
        const path = entry.path.slice((top as string).length + 1);
        if (files.has(path)) problem ??= `${JSON.stringify(path)} twice`;
        files.set(path, { bytes: Buffer.concat(chunks), executable: ((entry.mode ?? 0) & 0o100) !== 0 });
      });
    },
  }).catch((cause: Error) => {
    throw new Refusal(`${file} is not a tarball: ${cause.message}.`, "name one that `npm pack` made.", { cause });
  });
  if (problem !== undefined) refuseRelease(file, problem);
  return files;
}

/** @throws Refusal naming what a release brings that no template has */
export function refuseRelease(origin: string, what: string): never {
  throw new Refusal(
    `${origin} brings ${what}. Nothing was written.`,
    "take the template from where it is published; a template has plain files under plain names.",
  );
}
