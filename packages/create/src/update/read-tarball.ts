import { gunzipSync } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { pathProblem } from "../path-problem.ts";
import { readPlainFile } from "../read-plain-file.ts";
import { Refusal } from "../terminal.ts";
import type { Files } from "./files.ts";

/** Far more than any template has; an archive that says more is not one. */
const MAX_ENTRIES = 5000;
const MAX_BYTES = 64 * 2 ** 20;

/**
 * The files of a package's tarball, by their paths below its one folder. Nothing is unpacked onto the disk, and no more than
 * 64 MiB into memory.
 *
 * @throws Refusal for anything but plain files and folders, for a path that must not be written, or an archive that is too
 * large or damaged
 */
export function readTarball(file: string): Files {
  const { bytes } = readPlainFile(file, MAX_BYTES);
  const files: Files = new Map();
  let entries = 0;
  let top: string | undefined;
  // A throw inside the parser's callbacks is lost: the first problem is kept, and told at the end.
  let problem: string | undefined;
  const look = ({ path, type }: ReadEntry): string | undefined => {
    entries += 1;
    const name = JSON.stringify(path.length > 100 ? `${path.slice(0, 100)}…` : path);
    const wrong = pathProblem(type === "Directory" ? path.replace(/\/$/, "") : path);
    if (wrong !== undefined) return `${name}, which ${wrong}`;
    if (!["File", "OldFile", "ContiguousFile", "Directory"].includes(type)) return `${name}, which is not a file`;
    const first = path.split("/", 1)[0] as string;
    top ??= first;
    if (first !== top) return `${name} beside the folder "${top}"`;
    if (entries > MAX_ENTRIES) return `more than ${MAX_ENTRIES} entries`;
    return undefined;
  };
  const read = (entry: ReadEntry): void => {
    const chunks: Buffer[] = [];
    problem ??= look(entry);
    if (problem === undefined && entry.type !== "Directory") {
      entry.on("data", (chunk) => chunks.push(chunk));
      entry.on("end", () => {
        const path = entry.path.slice((top as string).length + 1);
        if (files.has(path)) problem ??= `${JSON.stringify(path)} twice`;
        files.set(path, { bytes: Buffer.concat(chunks), executable: ((entry.mode ?? 0) & 0o100) !== 0 });
      });
    }
    entry.resume();
  };
  const plain = unzip(bytes, file);
  const parser = new Parser({ strict: true, zstd: false, brotli: false, onReadEntry: read });
  // Types and headers that this parser passes over, and another would not.
  parser.on("ignoredEntry", (entry) => (problem ??= `${JSON.stringify(entry.path)}, which is not a file`));
  parser.on("meta", (text) => {
    if (/\d GNU\.sparse\./.test(text)) problem ??= "a file with holes";
    if (/\d (?:link)?path=[^\n]*\0/.test(text)) problem ??= "a name that ends early";
  });
  // The parser takes an archive that is cut off between two files for a whole one, and what is missing would be removed.
  let ended = false;
  parser.on("nullBlock", () => (ended = true));
  let damage: Error | undefined;
  parser.on("error", (error) => (damage ??= error));
  try {
    parser.end(plain);
  } catch (error) {
    damage ??= error as Error;
  }
  if (problem !== undefined) refuseRelease(file, problem);
  if (!ended) damage ??= new Error("it is cut off");
  if (damage !== undefined) refuseArchive(file, damage);
  return files;
}

/** The archive without its compression; what is compressed twice, or followed by something else, is none. */
function unzip(bytes: Buffer, file: string): Buffer {
  const isZipped = (data: Buffer): boolean => data[0] === 0x1f && data[1] === 0x8b;
  if (!isZipped(bytes)) return bytes;
  try {
    const { buffer, engine } = gunzip(bytes, { maxOutputLength: MAX_BYTES, info: true });
    if (engine.bytesWritten < bytes.length) throw new Error("something follows its end");
    if (isZipped(buffer)) throw new Error("it is compressed twice");
    return buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      refuseRelease(file, `more than ${MAX_BYTES / 2 ** 20} MiB`);
    return refuseArchive(file, error as Error);
  }
}

/** Node's types do not know what `info` gives. */
const gunzip = gunzipSync as unknown as (
  bytes: Buffer,
  options: { maxOutputLength: number; info: true },
) => { buffer: Buffer; engine: { bytesWritten: number } };

function refuseArchive(file: string, cause: Error): never {
  throw new Refusal(`${file} is not a tarball: ${cause.message}.`, "name one that `npm pack` made.", { cause });
}

/** @throws Refusal naming what a release brings that no template has */
export function refuseRelease(origin: string, what: string): never {
  throw new Refusal(
    `${origin} brings ${what}. Nothing was written.`,
    "take the template from where it is published; a template has plain files under plain names.",
  );
}
