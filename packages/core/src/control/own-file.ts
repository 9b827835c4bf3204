import { isUtf8 } from "node:buffer";
import fs, { constants, type Stats } from "node:fs";

/** Neither a link's target nor a pipe's other end: what is opened is what was looked at, and opening never waits. */
const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Opens a file that stays for this server what this user made it: a regular file, not a link, that no one else can
 * write. It is looked at before it is opened, since opening a device can do something.
 *
 * @param flags of `open(2)`
 * @throws Error saying what is wrong with it, the system's ENOENT where there is none
 */
export function openOwnFile(
  file: string,
  flags: number,
  files: Pick<typeof fs, "openSync" | "fstatSync"> = fs,
): number {
  checkOwn(file, fs.lstatSync(file));
  const fd = files.openSync(file, flags | CAREFULLY);
  try {
    checkOwn(file, files.fstatSync(fd));
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}

/** Largest of the files that say how a server behaves, in bytes. */
const MAX_BYTES = 1_048_576;

/**
 * A text that this user, or root, has written, and no one else can.
 *
 * @returns the bytes, and who wrote them as the audit names people
 * @throws Error in one line; for a file that is not there, with the code ENOENT
 */
export function readOwnFile(file: string, maxBytes = MAX_BYTES): { bytes: Buffer; by: string } {
  const fd = openOwnFile(file, constants.O_RDONLY);
  try {
    const { size, uid } = fs.fstatSync(fd);
    if (size > maxBytes) throw new Error(`it has ${size} bytes, more than ${maxBytes}.`);
    const bytes = readWhole(fd);
    // What stands in place of a wrong byte would be another name, and match no one.
    if (!isUtf8(bytes)) throw new Error("it is not UTF-8.");
    return { bytes, by: process.getuid === undefined ? "operator" : `uid ${uid}` };
  } finally {
    fs.closeSync(fd);
  }
}

/** Makes a file that was not there. @throws the system's EEXIST where it is, be it as a link */
export const createOwnFile = (file: string, flags: number, files: Pick<typeof fs, "openSync"> = fs): number =>
  files.openSync(file, flags | constants.O_CREAT | constants.O_EXCL | CAREFULLY, 0o600);

/** All of an open file, wherever reading stands. */
export function readWhole(fd: number): Buffer {
  const bytes = Buffer.alloc(fs.fstatSync(fd).size);
  let read = 0;
  for (let more = -1; read < bytes.length && more !== 0; read += more)
    more = fs.readSync(fd, bytes, read, bytes.length - read, read);
  return bytes.subarray(0, read);
}

function checkOwn(file: string, stats: Stats): void {
  if (stats.isSymbolicLink())
    throw new Error(`${file} is a link. Name the file itself (of a mounted ConfigMap, the one under ..data).`);
  if (!stats.isFile()) throw new Error(`${file} is not a regular file.`);
  const user = process.getuid?.();
  // No owners on Windows. root can write any file as it is: one of root's asks for no further trust.
  if (user === undefined) return;
  if (stats.uid !== user && stats.uid !== 0)
    throw new Error(`${file} belongs to another user (uid ${stats.uid}; this server runs as ${user}).`);
  if ((stats.mode & 0o022) !== 0) throw new Error(`${file} can be written by others. Run: chmod go-w ${file}`);
}
