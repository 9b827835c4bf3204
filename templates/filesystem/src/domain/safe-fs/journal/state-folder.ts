import { accessSync, constants, existsSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { type FileLock, openFileLock } from "./file-lock.ts";
import { type Journal, journalFile, openJournal } from "./journal.ts";
import { createOwner, type Owner } from "./owner.ts";
import { loadSqlite } from "./sqlite.ts";

/** What this server knows beside the folders it works in, and what it shares with other servers of the same user. */
export interface Records {
  journal: Journal;
  /** Whether the process that began a change still lives. */
  isAlive(owner: string): boolean;
  /** A lock between processes, by a number. Undefined where nothing is shared. */
  openLock(number: number): FileLock | undefined;
  /** Ends with the process: there is no folder to keep it in. */
  readonly fleeting: boolean;
  close(): void;
}

export interface StateFolder {
  /** The folder without links, once it is there: nothing in it is reached as a file. */
  real(): string | undefined;
  /** Whether an earlier server has left something there. */
  isUsed(): boolean;
  /** Opened with the first change. */
  open(): Promise<Records>;
  close(): void;
}

/** In memory where no folder is given, or the given one cannot be used; `warn` hears of that once. */
export function stateFolder(path: string | undefined, warn: (text: string) => void): StateFolder {
  let opening: Promise<Records> | undefined;
  let opened: Records | undefined;
  const open = async () => {
    const { DatabaseSync } = await loadSqlite();
    opened = await (path === undefined ? inMemory(DatabaseSync) : inFolder(DatabaseSync, path, warn));
    return opened;
  };
  return {
    real: () => (path !== undefined && existsSync(path) ? realpathSync.native(path) : undefined),
    isUsed: () => path !== undefined && lstatSync(journalFile(path), { throwIfNoEntry: false }) !== undefined,
    open() {
      opening ??= open();
      return opening;
    },
    close: () => opened?.close(),
  };
}

async function inFolder(Database: typeof DatabaseSync, path: string, warn: (text: string) => void): Promise<Records> {
  let owner: Owner | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    owner = createOwner(Database, path);
    return recordsIn(Database, path, owner, await openJournal(Database, path, owner.id));
  } catch (error) {
    owner?.close();
    const reason = error instanceof Error ? error.message : String(error);
    warn(
      `The state folder ${path} cannot be used (${reason}). Changes can be taken back only until this server ends, and two servers on one folder do not wait for each other. Choose another one with --state.`,
    );
    return inMemory(Database);
  }
}

function recordsIn(Database: typeof DatabaseSync, path: string, owner: Owner, journal: Journal): Records {
  const locks: FileLock[] = [];
  return {
    journal,
    isAlive: owner.isAlive,
    openLock(number) {
      const lock = openFileLock(Database, `${path}/lock-${number}`);
      locks.push(lock);
      return lock;
    },
    fleeting: false,
    close() {
      for (const lock of locks) lock.close();
      journal.close();
      owner.close();
    },
  };
}

async function inMemory(Database: typeof DatabaseSync): Promise<Records> {
  const owner = "this process";
  const journal = await openJournal(Database, undefined, owner);
  return {
    journal,
    isAlive: (other) => other === owner,
    openLock: () => undefined,
    fleeting: true,
    close: () => journal.close(),
  };
}
