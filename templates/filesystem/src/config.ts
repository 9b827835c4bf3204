import { homedir } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import { createDeny, usuallyAllowed, usuallyDenied } from "./domain/deny.ts";
import type { OpenFilesOptions } from "./domain/open-files.ts";
import { stateHome } from "./state-home.ts";

const many = z.coerce.number().int().min(1).optional();

const list = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  );

/** Every setting of its own; the ones all servers share (transport, port, log level, profile, …) come from core. */
export const Config = z.object({
  roots: z
    .array(z.string().min(1), "name at least one folder to work in")
    .describe('Folders to work in; nothing outside them can be reached. "folder:ro" is for reading only'),
  deny: list.describe(
    "Names and paths that are kept from the model, besides .env*, keys and .git, as globs; comma-separated",
  ),
  allow: list.describe('What of those it may have all the same: ".git", or "**" for everything; comma-separated'),
  mounts: list.describe(
    "With the strict profile: what is mounted inside a folder and used all the same; comma-separated",
  ),
  clientRoots: z
    .stringbool()
    .default(false)
    .describe("Only the folders that the client says its user works in, as far as they are allowed; without resources"),
  encoding: z.string().min(1).optional().describe("What files are in that are not UTF-8, such as windows-1252"),
  quotaBytes: many.describe("Refuse what would make a folder hold more bytes than this (default: no limit)"),
  quotaFiles: many.describe("Refuse what would make a folder hold more files than this (default: no limit)"),
  keepBytes: z.coerce
    .number()
    .int()
    .min(0)
    .default(1024 ** 3)
    .describe("Most bytes in the trash of each folder, which --quota-bytes does not count; the oldest go first"),
  state: z
    .string()
    .min(1)
    .optional()
    .describe("Folder for the journal that undo needs (default: the user's own folder for such things)")
    .meta({ perEnvironment: true }),
  keepDays: z.coerce.number().min(0).default(7).describe("How long undo can bring back what was deleted or replaced"),
});

/** The arguments without a flag are the folders, as the official server takes them. */
export const positionals = { key: "roots", name: "root" };

export const examples = [
  ["offshoot-filesystem ~/notes ~/projects", "work in two folders, for a client that starts the server"],
  ["offshoot-filesystem ~/notes ~/projects:ro", "change something in the first of them only"],
  ["offshoot-filesystem --profile read-only .", "without the tools that change something"],
  ["offshoot-filesystem --profile strict .", "refuse hard links and what is mounted inside a folder, too"],
] as const;

/** What the domain is told of the settings. */
export function openOptions({
  roots: given,
  deny,
  allow,
  mounts,
  encoding,
  quotaBytes,
  quotaFiles,
  keepDays,
  keepBytes,
  state = stateHome("offshoot-filesystem"),
  profile,
}: Omit<z.output<typeof Config>, "clientRoots"> & { profile?: string | undefined }): OpenFilesOptions {
  const strict = profile === "strict";
  // A client's settings file has no shell to write out "~".
  const folder = (path: string) => resolve(path.replace(/^~(?=$|[\\/])/, homedir()));
  const readOnlyEnd = /:ro$/;
  // In the environment a ":" stands between folders, so that ":ro" comes as one of its own.
  const joined = given
    .join("\0")
    .replace(/\0ro(?=\0|$)/g, ":ro")
    .split("\0")
    .filter((root) => root !== "");
  const roots = joined.map((root) => ({
    path: folder(root.replace(readOnlyEnd, "")),
    readOnly: readOnlyEnd.test(root),
  }));
  return {
    roots: roots.map(({ path }) => path),
    readOnlyRoots: roots.filter(({ readOnly }) => readOnly).map(({ path }) => path),
    isDenied: createDeny([...usuallyDenied, ...deny], [...usuallyAllowed, ...allow]),
    mounts: mounts.map(folder),
    encoding,
    // In base64 and in both channels of an answer it is nearly three times as much; clients hang up at 10 MB.
    limits: { binaryBytes: 3_000_000 },
    strictLinks: strict,
    sameMount: strict,
    readOnly: profile === "read-only",
    state,
    quota: { bytes: quotaBytes, files: quotaFiles },
    keepBytes,
    keepMs: keepDays * 24 * 60 * 60 * 1_000,
  };
}
