import type { Files } from "./files.ts";

/** Whether every line of a text ends in CRLF. A file of mixed line ends stays as it is. */
function isCrlf(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false;
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at - 1] !== 13) return false;
    lines += 1;
  }
  return lines > 0;
}

const toLf = (bytes: Buffer): Buffer => Buffer.from(bytes.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
const toCrlf = (bytes: Buffer): Buffer => Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1");

/** A project with upstream's line ends, and the way back. */
export interface LineEnds {
  files: Files;
  /** A merged file with the line ends it has in the project, or those most files have there when it is new. */
  restore(path: string, bytes: Buffer): Buffer;
}

/** Gives a project's files upstream's line ends, or each line would count as changed. */
export function alignLineEnds(yours: Files, base: Files): LineEnds {
  const crlf = new Set<string>();
  const moved = new Map<string, string>();
  const files: Files = new Map();
  let texts = 0;
  for (const [path, file] of yours) {
    if (!file.bytes.includes(0)) texts += 1;
    const before = base.get(path)?.bytes;
    const turn = !file.link && isCrlf(file.bytes) && !(before !== undefined && isCrlf(before));
    if (turn) crlf.add(path);
    const bytes = turn ? toLf(file.bytes) : file.bytes;
    if (turn) moved.set(bytes.toString("latin1"), path);
    files.set(path, { ...file, bytes });
  }
  const usual = crlf.size * 2 > texts;
  return {
    files,
    restore(path, bytes) {
      const known = yours.has(path) ? crlf.has(path) : moved.has(bytes.toString("latin1")) || usual;
      const plain = !bytes.includes(0) && !bytes.includes(13);
      // A script with "#!" and CRLF does not start.
      return known && plain && (crlf.has(path) || !bytes.subarray(0, 2).equals(Buffer.from("#!")))
        ? toCrlf(bytes)
        : bytes;
    },
  };
}
