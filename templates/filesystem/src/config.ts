import { homedir } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import type { OpenFilesOptions } from "./domain/open-files.ts";
import { stateHome } from "./state-home.ts";

const many = z.coerce.number().int().min(1).optional();

/** Every setting of its own; the ones all servers share (transport, port, log level, profile, …) come from core. */
export const Config = z.object({
  roots: z
    .array(z.string().min(1), "name at least one folder to work in")
    .describe("Folders to work in; nothing outside them can be reached"),
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
    .describe("Folder for the journal that undo needs (default: the user's own folder for such things)"),
  keepDays: z.coerce.number().min(0).default(7).describe("How long undo can bring back what was deleted or replaced"),
});

/** The arguments without a flag are the folders, as the official server takes them. */
export const positionals = { key: "roots", name: "root" };

export const examples = [
  ["offshoot-filesystem ~/notes ~/projects", "work in two folders, for a client that starts the server"],
  ["offshoot-filesystem --profile read-only .", "without the tools that change something"],
  ["offshoot-filesystem --profile strict .", "refuse hard links and what is mounted inside a folder, too"],
] as const;

/** What the domain is told of the settings. */
export function openOptions({
  roots,
  quotaBytes,
  quotaFiles,
  keepDays,
  keepBytes,
  state = stateHome("offshoot-filesystem"),
  profile,
}: z.output<typeof Config> & { profile?: string | undefined }): OpenFilesOptions {
  const strict = profile === "strict";
  return {
    // A client's settings file has no shell to write out "~".
    roots: roots.map((root) => resolve(root.replace(/^~(?=$|[\\/])/, homedir()))),
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
