import { AsyncLocalStorage } from "node:async_hooks";
import { FilesError } from "./errors.ts";

/** It is allowed, but not to this caller now. */
export class Narrowed extends FilesError {}

const folders = new AsyncLocalStorage<readonly string[]>();

/** Only what lies in one of these folders, named without links, can be reached by what `work` does. */
export const narrowed = <Result>(to: readonly string[], work: () => Result): Result => folders.run(to, work);

/** For what the server does for itself. */
export const unnarrowed = <Result>(work: () => Result): Result => folders.exit(work);

/** The folders that the work at hand is narrowed to; undefined for all that are allowed. */
export const currentFolders = (): readonly string[] | undefined => folders.getStore();
