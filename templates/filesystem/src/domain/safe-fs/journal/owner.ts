import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type FileLock, openFileLock } from "./file-lock.ts";

/** Tells whether the process that began a change still lives: it holds a lock for as long. Process ids come again. */
export interface Owner {
  readonly id: string;
  isAlive(other: string): boolean;
  close(): void;
}

export function createOwner(Database: typeof DatabaseSync, folder: string): Owner {
  const id = randomUUID();
  const owners = join(folder, "owners");
  mkdirSync(owners, { recursive: true, mode: 0o700 });
  const path = (one: string) => join(owners, one);
  const mine = openFileLock(Database, path(id));
  mine.take();
  const remove = (lock: FileLock, one: string) => {
    lock.close();
    rmSync(path(one), { force: true }); // another process may have found the same, and been faster
  };
  return {
    id,
    isAlive(other) {
      if (other === id) return true;
      if (!existsSync(path(other))) return false;
      const lock = openFileLock(Database, path(other));
      if (lock.take()) {
        remove(lock, other);
        return false;
      }
      lock.close();
      return true;
    },
    close: () => remove(mine, id),
  };
}
