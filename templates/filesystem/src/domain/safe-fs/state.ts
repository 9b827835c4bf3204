import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FilesError } from "../errors.ts";
import { stateName } from "./paths.ts";
import { O_PATH, type Root } from "./roots.ts";

/**
 * The server's own folder in a root: trash, its journal, and notes about temporary files. It is in the root, because
 * only on the same disk can things be put aside without a copy. Opened for each use, as the user may remove it at any
 * time.
 */
export interface State {
  /** The path to use for a file in it. */
  at(name: string): string;
  names(): string[];
  read(name: string): string | undefined;
  /** Complete or not at all. */
  put(name: string, text: string): void;
  drop(name: string): void;
  close(): void;
}

/** Undefined where nothing was ever changed, or where it was to be made and the root itself takes no new entries. */
export function openState(root: Root, { make }: { make: boolean }): State | undefined {
  root.verify();
  const path = join(root.fd === undefined ? root.real : `/proc/self/fd/${root.fd}`, stateName);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    if (!make || !makeState(path)) return undefined;
  }
  if (!isUsable(path)) return undefined;
  if (root.fd === undefined) {
    if (!lstatSync(path).isDirectory()) throw occupied();
    return stateAt(path, () => {});
  }
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  if (fstatSync(fd).isDirectory()) return stateAt(`/proc/self/fd/${fd}`, () => closeSync(fd));
  closeSync(fd);
  throw occupied();
}

/** Another user's is of no use. */
function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES" && lstatSync(path).isDirectory()) return false;
    return true; // told when it is opened
  }
}

const occupied = () =>
  new FilesError(
    "refused",
    `Something that is no folder is named "${stateName}" in an allowed folder. Ask the user to remove it.`,
  );

function makeState(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    // Kept out of commits without a line in the user's own .gitignore.
    writeFileSync(join(path, ".gitignore"), "*\n", { flag: "wx" });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EACCES", "EPERM", "EROFS"].includes(code)) return false;
    if (code !== "EEXIST") throw error;
  }
  return true;
}

function stateAt(folder: string, close: () => void): State {
  const at = (name: string) => `${folder}/${name}`;
  const drop = (name: string) => {
    try {
      unlinkSync(at(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  };
  return {
    at,
    names: () => readdirSync(folder).filter((name) => name !== ".gitignore"),
    read(name) {
      try {
        return readFileSync(at(name), "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    put(name, text) {
      const temporary = at(`${name}.${process.pid}`);
      try {
        writeFileSync(temporary, text, { flag: "wx", mode: 0o600 });
        renameSync(temporary, at(name));
      } catch (error) {
        drop(`${name}.${process.pid}`);
        throw error;
      }
    },
    drop,
    close,
  };
}
