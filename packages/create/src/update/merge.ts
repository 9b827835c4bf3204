import { type FileEntry, type Files, sameFile } from "./files.ts";
import type { ScratchRepository } from "./git.ts";
import { alignLineEnds } from "./line-ends.ts";
import { mergeKnown } from "./merge-known.ts";

/** A file as it stands on one of the sides of a conflict: 1 base, 2 yours, 3 theirs. */
export interface Stage {
  stage: 1 | 2 | 3;
  path: string;
  file: FileEntry;
}

/** A place where both sides changed the same. */
export interface Conflict {
  path: string;
  /** What happened, in words. */
  reason: string;
}

/** What a merge would make of a project. */
export interface Merge {
  /** Paths to write, and `undefined` for those to remove. Everything else stays as it is, byte for byte. */
  changes: Map<string, FileEntry | undefined>;
  conflicts: Conflict[];
  /** Values of a file merged as data that both sides changed: yours stayed, and nothing is left to settle. */
  kept: Conflict[];
  stages: Stage[];
  /** A patch from the project to the outcome. */
  patch(): Promise<string>;
}

/** The three sides of a merge. */
export interface Sides {
  base: Files;
  yours: Files;
  theirs: Files;
  /** Of theirs. */
  version: string;
  /** What theirs is called in a conflict's markers. */
  label: string;
}

/** Merges what upstream changed into a project, without touching the project. */
export async function mergeFiles(repository: ScratchRepository, sides: Sides): Promise<Merge> {
  const { base, yours, theirs, version, label } = sides;
  const known = mergeKnown(base, yours, theirs, version);
  const ends = alignLineEnds(yours, base);
  const side = (files: Files): Files => {
    const copy = new Map(files);
    for (const { path, file } of known) copy.set(path, file);
    return copy;
  };
  await importCommits(repository, [
    { branch: "base", files: side(base) },
    { branch: "yours", files: side(ends.files), parent: "base" },
    { branch: label, files: side(theirs), parent: "base" },
    { branch: "project", files: ends.files, parent: "base" },
  ]);
  const { stdout } = await repository.git(["merge-tree", "--write-tree", "-z", "--messages", "yours", label], {
    codes: [0, 1],
  });
  const { tree, entries, reasons } = parseMergeTree(String(stdout));
  const raw = await repository.git(["diff-tree", "-r", "-z", "--no-renames", "yours", tree]);
  const changed = parseRaw(String(raw.stdout));
  const blobs = await readBlobs(repository, [
    ...entries.map(({ oid }) => oid),
    ...changed.flatMap(({ oid }) => oid ?? []),
  ]);
  const entryOf = (path: string, mode: string, oid: string): FileEntry => ({
    bytes: mode === "120000" ? (blobs.get(oid) as Buffer) : ends.restore(path, blobs.get(oid) as Buffer),
    executable: mode === "100755",
    ...(mode === "120000" && { link: true }),
  });
  const changes = new Map<string, FileEntry | undefined>();
  for (const { path, mode, oid } of changed)
    changes.set(path, oid === undefined ? undefined : entryOf(path, mode, oid));
  for (const { path, file } of known) if (!sameFile(yours.get(path), file)) changes.set(path, file);

  return {
    changes,
    stages: entries.map(({ path, mode, oid, stage }): Stage => ({ path, stage, file: entryOf(path, mode, oid) })),
    conflicts: [...new Set(entries.map(({ path }) => path))].map((path) => ({
      path,
      reason: reasons.get(path) ?? "both sides changed it",
    })),
    kept: known.flatMap(({ path, conflicts }) =>
      conflicts.map((conflict) => ({
        path,
        reason: `${conflict.path}: yours is ${describe(conflict.yours)}, upstream's ${describe(conflict.theirs)}; yours was kept`,
      })),
    ),
    patch: async () => String((await repository.git(["diff", "--no-color", "project", tree])).stdout),
  };
}

const describe = (value: unknown): string => (value === undefined ? "gone" : JSON.stringify(value));

/** Writes all trees in one go. */
export async function importCommits(
  repository: ScratchRepository,
  commits: { branch: string; files: Files; parent?: string }[],
): Promise<void> {
  const parts: (string | Buffer)[] = ["feature done\n"];
  for (const { branch, files, parent } of commits) {
    parts.push(`commit refs/heads/${branch}\ncommitter offshoot <offshoot@localhost> 0 +0000\ndata 0\n`);
    parts.push(parent === undefined ? "" : `from refs/heads/${parent}\ndeleteall\n`);
    for (const [path, { bytes, executable, link }] of files) {
      const mode = link ? "120000" : executable ? "100755" : "100644";
      const quoted = path.replace(/["\\\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
      parts.push(`M ${mode} inline "${quoted}"\ndata ${bytes.length}\n`, bytes, "\n");
    }
  }
  parts.push("done\n");
  const input = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  await repository.git(["fast-import", "--quiet", "--force"], { input });
}

interface Entry {
  path: string;
  mode: string;
  oid: string;
  stage: 1 | 2 | 3;
}

/** `<tree> NUL (<mode> <oid> <stage> TAB <path> NUL)* NUL (<count> NUL (<path> NUL)* <kind> NUL <message> NUL)*` */
function parseMergeTree(output: string): { tree: string; entries: Entry[]; reasons: Map<string, string> } {
  const fields = output.split("\0");
  const tree = fields.shift() as string;
  const entries: Entry[] = [];
  for (let field = fields.shift(); field; field = fields.shift()) {
    const [, mode, oid, stage, path] = /^(\d+) (\w+) (\d)\t([\s\S]*)$/.exec(field) as unknown as string[];
    entries.push({ mode, oid, path, stage: Number(stage) } as Entry);
  }
  const reasons = new Map<string, string>();
  while (fields.length > 1) {
    const paths = fields.splice(0, Number(fields.shift()));
    const [kind, message] = fields.splice(0, 2) as [string, string];
    if (!kind.startsWith("CONFLICT")) continue;
    for (const path of paths) if (!reasons.has(path)) reasons.set(path, reasonOf(kind, message));
  }
  return { tree, entries, reasons };
}

function reasonOf(kind: string, message: string): string {
  if (kind === "CONFLICT (contents)") return "both sides changed the same lines";
  if (kind === "CONFLICT (binary)") return "both sides changed it, and it has no lines; yours was kept";
  if (kind === "CONFLICT (modify/delete)")
    return message.includes("deleted in yours")
      ? "you deleted it, and upstream changed it; upstream's new version is here again: delete it, or keep it"
      : "you changed it, and upstream deleted it; yours is still here: keep it, or delete it";
  return message.trim().replace(/^CONFLICT \([^)]*\): /, "");
}

/** `:<mode> <mode> <oid> <oid> <status> NUL <path> NUL` */
function parseRaw(output: string): { path: string; mode: string; oid: string | undefined }[] {
  const fields = output.split("\0").filter(Boolean);
  return Array.from({ length: fields.length / 2 }, (_, index) => {
    const [, mode, , oid, status] = (fields[index * 2] as string).split(" ") as string[];
    return { path: fields[index * 2 + 1] as string, mode: mode as string, oid: status === "D" ? undefined : oid };
  });
}

async function readBlobs(repository: ScratchRepository, oids: string[]): Promise<Map<string, Buffer>> {
  const blobs = new Map<string, Buffer>();
  if (oids.length === 0) return blobs;
  const { stdout } = await repository.git(["cat-file", "--batch"], { input: Buffer.from(`${oids.join("\n")}\n`) });
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(10, at);
    const [oid, , size] = stdout.toString("latin1", at, end).split(" ") as [string, string, string];
    blobs.set(oid, stdout.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return blobs;
}
