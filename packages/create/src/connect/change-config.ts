import { isUtf8 } from "node:buffer";
import { constants, copyFileSync, existsSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { linkInside } from "../own-place.ts";
import { readPlainFile } from "../read-plain-file.ts";
import { Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";

const BACKUP = ".before-offshoot";

/**
 * Changes a client's configuration in one step, and keeps what it was beside it. A user's own file may be a link, as
 * those who keep their settings elsewhere have it; a link inside the project came with the project, and is not followed.
 *
 * @returns where the old state is; `undefined` when there was no file or nothing to change
 * @throws Refusal for anything but a regular UTF-8 file that this user may write
 */
export function changeConfig(file: string, project: string, change: (before: string) => string): string | undefined {
  const refuse = (reason: string, next = "fix that, or paste what is printed without --write."): never => {
    throw new Refusal(`${file} was left alone: ${reason}.`, next);
  };
  const link = linkInside(project, file);
  if (link !== undefined) refuse(`"${link}" is a link, and it may have come with the project`);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    const folder = dirname(file);
    if (existsSync(folder) && !lstatSync(realpathSync(folder)).isDirectory()) refuse(`${folder} is not a folder`);
    mkdirSync(folder, { recursive: true });
    writeFileAtomically(file, change(""));
    return undefined;
  }
  if (!existsSync(file)) refuse("it is a link to nothing");
  const real = realpathSync(file);
  const { bytes, stat } = readPlainFile(real);
  if (process.getuid && stat.uid !== process.getuid()) refuse("it is another user's file");
  if ((stat.mode & 0o200) === 0) refuse("it is read-only");
  // It is replaced, not written into: its other name would keep what it was.
  if (stat.nlink > 1) refuse("it has a second name, a hard link");
  if (!isUtf8(bytes)) refuse("it is not UTF-8, and writing it would change bytes that are not this server's");
  const before = bytes.toString("utf8");
  const after = change(before);
  if (after === before) return undefined;
  const backup = keep(real);
  writeFileAtomically(real, after, stat.mode & 0o777);
  return backup;
}

/** Copies a file beside itself under a name that is free, so that no earlier copy is lost. */
function keep(file: string): string {
  for (let count = 1; ; count++) {
    const backup = `${file}${BACKUP}${count === 1 ? "" : `-${count}`}`;
    try {
      copyFileSync(file, backup, constants.COPYFILE_EXCL);
      return backup;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
