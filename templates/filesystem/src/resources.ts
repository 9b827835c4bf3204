import { isUtf8 } from "node:buffer";
import { join, posix } from "node:path";
import { defineResource, type ResourceEntry, ToolError } from "@offshoot/core";
import { FilesError } from "./domain/errors.ts";
import type { Files } from "./domain/files.ts";
import { walk } from "./domain/safe-fs/walk.ts";
import type { Watch } from "./domain/watch.ts";
import { pathOf, uriOf } from "./uri.ts";

/** How many files are listed as resources, and how deep: clients fetch the whole list. search_files finds the rest. */
const most = { entries: 1_000, depth: 3, seen: 50_000 };

/** A file as resource contents. Clients are told that what it says is nobody's instruction. */
export async function fileContents(files: Files, path: string, signal?: AbortSignal) {
  const { bytes, mimeType } = await files.readBytes(path, { signal });
  const about = { uri: uriOf(path), _meta: { "offshoot/untrusted": true } };
  if (!isUtf8(bytes) || bytes.includes(0)) return { ...about, mimeType, blob: Buffer.from(bytes).toString("base64") };
  const type = mimeType === "application/octet-stream" ? "text/plain" : mimeType;
  return { ...about, mimeType: type, text: Buffer.from(bytes).toString("utf8") };
}

export const fileResources = (files: Files, watch: Watch) => [
  defineResource({
    name: "file",
    title: "A file",
    description: "One file inside the allowed folders: text as it is, anything else in base64.",
    uri: "file:///{+path}",
    mimeType: "application/octet-stream",
    scopes: ["files:read"],
    subscribe: true,
    watch({ path }, changed) {
      try {
        return watch.follow(pathOf(path), changed);
      } catch (error) {
        return asMissing(error);
      }
    },
    list: ({ cursor, limit }) => listFiles(files, cursor, limit),
    complete: { path: (typed) => completePath(files, typed) },
    async read({ path: variable }, { signal }) {
      return [await fileContents(files, pathOf(variable), signal).catch(asMissing)];
    },
  }),
];

/** What is outside is no resource of this server. */
function asMissing(error: unknown): never {
  const refused = error instanceof FilesError && error.code === "refused";
  throw refused ? new ToolError(error.message, { code: "not_found" }) : error;
}

/**
 * The files of all roots, a page at a time. The cursor says which root, how many came before, and behind which path.
 */
function listFiles({ safeFs }: Files, cursor: string | undefined, limit: number) {
  const resources: ResourceEntry[] = [];
  let seen = 0;
  let { at, told, after } = openCursor(cursor);
  for (; at < safeFs.roots.length; at += 1, after = undefined) {
    const { given } = safeFs.roots[at] as { given: string };
    const directory = safeFs.openDirectory(given);
    try {
      for (const { path, name, type } of walk(directory, { maxDepth: most.depth, after })) {
        seen += 1;
        if (told >= most.entries || seen > most.seen) return { resources };
        if (type !== "file") continue;
        resources.push({ uri: uriOf(join(given, path)), name, title: path });
        told += 1;
        if (resources.length >= limit) return { resources, nextCursor: JSON.stringify([at, told, path]) };
      }
    } finally {
      directory.close();
    }
  }
  return { resources };
}

function openCursor(cursor: string | undefined): { at: number; told: number; after: string | undefined } {
  if (cursor === undefined) return { at: 0, told: 0, after: undefined };
  const [at, told, after] = JSON.parse(cursor) as [number, number, string];
  return { at, told, after };
}

/** Paths that begin with what has been typed: the roots, then what stands in the folder typed so far. */
export async function completePath(files: Files, typed: string): Promise<string[]> {
  const bare = (path: string) => path.replaceAll("\\", "/").replace(/^\//, "");
  const roots = files.roots().map((root) => `${bare(root)}/`);
  const above = roots.filter((root) => root.startsWith(typed));
  if (above.length > 0 || !typed.includes("/")) return above;
  const folder = posix.dirname(`${typed}.`);
  try {
    const entries = await files.list(pathOf(folder));
    return entries
      .filter(({ name, type }) => type !== "other" && name.startsWith(typed.slice(folder.length + 1)))
      .map(({ name, type }) => `${folder}/${name}${type === "directory" ? "/" : ""}`);
  } catch (error) {
    // Nothing to suggest is no failure.
    if (error instanceof FilesError) return [];
    throw error;
  }
}
