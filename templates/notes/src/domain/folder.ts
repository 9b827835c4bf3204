import { lstat, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { NotesError } from "./errors.ts";
import { isFolderPath } from "./file-name.ts";

export interface LongTask {
  signal?: AbortSignal;
  /** Called after each step with what is done and what there is. */
  progress?: (done: number, total: number) => void;
}

const deepest = 16;

/**
 * A folder inside the exchange folder, by a relative name such as "trip/2026". A name that leads out, and a link on the
 * way, are a NotesError "refused". The last part need not exist.
 */
export async function folderInside(exchange: string | undefined, name: string, make: boolean): Promise<string> {
  if (exchange === undefined) {
    throw new NotesError("refused", "This server was started without a folder for import and export.");
  }
  const parts = name.split("/");
  if (!isFolderPath(name, deepest)) {
    throw new NotesError(
      "refused",
      `folder: give a name relative to the exchange folder, such as "trip" or "trip/2026", without "..", hidden parts or a leading slash.`,
    );
  }
  await mkdir(exchange, { recursive: true, mode: 0o700 });
  let folder = await realpath(exchange);
  const last = parts.length - 1;
  for (const [index, one] of parts.entries()) {
    folder = join(folder, one);
    if (make && index < last) await mkdir(folder).catch(ignoreExisting);
    const found = await lstat(folder).catch(ignoreMissing);
    if (found && !found.isDirectory())
      throw new NotesError("refused", `folder: "${name}" is a link or a file, not a folder.`);
    if (!found && index < last) throw missing(name);
    if (!found && !make) throw missing(name);
  }
  return folder;
}

const missing = (name: string) =>
  new NotesError("not_found", `There is no folder "${name}" in the exchange folder. Ask the user to put it there.`);

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
