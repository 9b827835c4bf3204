import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { Refusal } from "./terminal.ts";

/**
 * A file's bytes, and what was opened. A pipe would hang, and a device has no end.
 *
 * @throws Refusal for anything but a regular file of at most `most` bytes
 */
export function readPlainFile(file: string, most = Number.POSITIVE_INFINITY): { bytes: Buffer; stat: Stats } {
  // Windows has no O_NONBLOCK, and no pipes in folders.
  const handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw new Refusal(`${file} is not a file.`, "put a file in its place, or remove it.");
    if (stat.size > most)
      throw new Refusal(`${file} is larger than ${most / 2 ** 20} MiB.`, "put a smaller file in its place.");
    return { bytes: readFileSync(handle), stat };
  } finally {
    closeSync(handle);
  }
}
