import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { renamed } from "../../src/create/rename.ts";
import { type Update, updateProject } from "../../src/update/update.ts";
import { type ForkPlan, forkPlans, type UserWork, work } from "./fork.ts";
import { diffFolders, explain, lostFiles, lostLines } from "./judge.ts";
import { makeReleases, type TrialRelease } from "./releases.ts";
import type { Texts } from "./texts.ts";

/** What came of many forks and their updates. Every count but the first seven is a fault. */
export interface Sums {
  forks: number;
  updates: number;
  clean: number;
  withConflicts: number;
  /** Clean merges that broke the project and said so. */
  announcedBreaks: number;
  conflicts: number;
  /** Why the conflicts were due. */
  explained: Record<string, number>;
  unexplained: string[];
  lostUserLines: string[];
  lostUserFiles: string[];
  returned: string[];
  lostUpstreamLines: string[];
  silentBreaks: string[];
  falseAlarms: string[];
  mergeMs: number[];
}

const run = promisify(execFile);
const nodeModules = fileURLToPath(new URL("../../../../templates/notes/node_modules", import.meta.url));

/** Makes forks and takes each through three releases. The seed decides everything. */
export async function torture({
  forks,
  seed,
  lanes = 2,
  seconds = Number.POSITIVE_INFINITY,
}: {
  forks: number;
  seed: number;
  lanes?: number;
  /** After this long no further fork is begun. */
  seconds?: number;
}): Promise<Sums> {
  const end = performance.now() + seconds * 1_000;
  const place = join(realpathSync(tmpdir()), `offshoot-torture-${process.pid}`);
  mkdirSync(place, { recursive: true });
  quickNpm(join(place, "bin"));
  symlinkSync(nodeModules, join(place, "node_modules"), "junction");
  const sums: Sums = {
    forks: 0,
    updates: 0,
    clean: 0,
    withConflicts: 0,
    announcedBreaks: 0,
    conflicts: 0,
    explained: {},
    unexplained: [],
    lostUserLines: [],
    lostUserFiles: [],
    returned: [],
    lostUpstreamLines: [],
    silentBreaks: [],
    falseAlarms: [],
    mergeMs: [],
  };
  try {
    const releases = makeReleases();
    for (const { version, files } of releases) {
      writeTexts(join(place, "releases", version), files);
      const green = await works(join(place, "releases", version));
      if (green !== true) throw new Error(`The trial's own release ${version} does not work: ${green}`);
    }
    const plans = [...fc.sample(forkPlans, { numRuns: forks, seed }).entries()];
    const lane = async (): Promise<void> => {
      for (let next = plans.shift(); next && performance.now() < end; next = plans.shift()) {
        await takeThrough(place, releases, next[0], next[1], sums);
        sums.forks += 1;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return sums;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** An npm that only knows `run`: the real one takes longer to start than all else here. */
function quickNpm(folder: string): void {
  if (process.platform === "win32") return;
  mkdirSync(folder);
  writeFileSync(join(folder, "npm"), '#!/bin/sh\nshift\nexec node --run "$@"\n', { mode: 0o755 });
  process.env.PATH = `${folder}:${process.env.PATH}`;
}

async function takeThrough(
  place: string,
  releases: TrialRelease[],
  index: number,
  plan: ForkPlan,
  sums: Sums,
): Promise<void> {
  const root = join(place, `fork-${index}`);
  const folder = plan.place === "subfolder of a repository" ? join(root, "servers/mine") : join(root, "mine");
  const [first] = releases as [TrialRelease];
  const user = work(plan.named ? underName(first) : first.files, plan);
  writeTexts(folder, plan.crlf ? withCrlf(user.files) : user.files);
  const repository = plan.place === "no repository" ? undefined : plan.place === "repository" ? folder : root;
  if (repository) {
    await run("git", ["init", "--quiet"], { cwd: repository });
    await commit(repository);
  }
  let green = (await works(folder)) === true;
  for (const [step, release] of releases.slice(1).entries()) {
    const name = `fork ${index} to ${release.version}`;
    const before = readTexts(folder);
    const shadow = join(root, "shadow");
    for (const [side, files] of [
      ["base", releases[step]],
      ["theirs", release],
    ] as const)
      writeTexts(join(shadow, side), plan.named ? underName(files as TrialRelease) : (files as TrialRelease).files);
    writeTexts(join(shadow, "yours"), before);
    const since = performance.now();
    const result = await updateProject({
      folder,
      base: join(place, "releases", (releases[step] as TrialRelease).version),
      from: join(place, "releases", release.version),
      gates: green,
      // The dependencies of the trial are made up.
      install: false,
    });
    if (!green) sums.mergeMs.push(performance.now() - since);
    const verdict = await judge(name, { folder, shadow, before, result, user, gated: green }, sums);
    settle(folder);
    if (repository) await commit(repository);
    green = verdict ?? (await works(folder)) === true;
    rmSync(shadow, { recursive: true });
  }
  rmSync(root, { recursive: true, force: true });
}

interface Judged {
  folder: string;
  shadow: string;
  before: Texts;
  result: Update;
  user: UserWork;
  gated: boolean;
}

async function judge(
  name: string,
  { folder, shadow, before, result, user, gated }: Judged,
  sums: Sums,
): Promise<boolean | undefined> {
  const after = readTexts(folder);
  const [yours, theirs] = [diffFolders(shadow, "base", "yours"), diffFolders(shadow, "base", "theirs")];
  sums.updates += 1;
  sums[result.conflicts.length > 0 ? "withConflicts" : "clean"] += 1;
  sums.conflicts += result.conflicts.length;
  for (const conflict of result.conflicts) {
    const why = explain(conflict, yours, theirs);
    if (why === undefined) sums.unexplained.push(`${name}: ${conflict.path} (${conflict.reason})`);
    else sums.explained[why] = (sums.explained[why] ?? 0) + 1;
  }
  const fault = (list: string[], what: readonly string[]): unknown =>
    list.push(...what.map((item) => `${name}: ${item}`));
  fault(sums.lostUserLines, lostLines(before, after, /user-\d/));
  // Line ends as they were, too: the bytes of what only the user has are nowhere else.
  fault(
    sums.lostUserFiles,
    lostFiles(
      before,
      after,
      user.added.filter((path) => !result.conflicts.some((conflict) => conflict.path === path)),
    ),
  );
  const settled = (path: string): boolean => !result.conflicts.some((conflict) => conflict.path === path);
  fault(sums.returned, [
    ...user.removedFiles.filter((path) => after.has(path) && !before.has(path) && settled(path)),
    ...user.removedLines
      .filter(
        ({ path, line }) =>
          settled(path) &&
          !before.get(path)?.split(/\r?\n/).includes(line) &&
          after.get(path)?.split(/\r?\n/).includes(line),
      )
      .map(({ path, line }) => `${path}: ${line}`),
  ]);
  const gone = new Set([
    ...yours.filter(({ to }) => to === undefined).map(({ from }) => from),
    ...result.conflicts.map(({ path }) => path),
  ]);
  const upstream = new Map(
    [...readTexts(join(shadow, "theirs"))].filter(([path]) => !gone.has(path) && !gone.has(originOf(path, theirs))),
  );
  // What an earlier conflict was settled against is not there any more, and not new.
  const known = new Set(
    [...readTexts(join(shadow, "base")).values()].flatMap((text) => text.split("\n").map((line) => line.trim())),
  );
  if (result.conflicts.length === 0)
    fault(
      sums.lostUpstreamLines,
      lostLines(upstream, after, /up-\d/).filter((line) => !known.has(line)),
    );
  if (!gated || result.conflicts.length > 0) return undefined;
  const verdict = await works(folder);
  if (verdict !== true && result.status === "clean") sums.silentBreaks.push(`${name}: ${verdict}`);
  if (verdict === true && result.status === "red") sums.falseAlarms.push(name);
  if (verdict !== true && result.status === "red") sums.announcedBreaks += 1;
  return verdict === true;
}

const originOf = (path: string, diffs: ReturnType<typeof diffFolders>): string =>
  diffs.find(({ to }) => to === path)?.from ?? path;

/** True, or the last words of what failed. Not by way of the update's own gates. */
async function works(folder: string): Promise<true | string> {
  try {
    await run(process.execPath, ["gate.mjs"], { cwd: folder });
    return true;
  } catch (error) {
    return (
      (error as { stderr: string }).stderr
        .trim()
        .split("\n")
        .find((line) => /Error/.test(line)) ?? "failed"
    );
  }
}

/** Settles every conflict for the user's side, as a hurried user does. */
function settle(folder: string): void {
  for (const [path, text] of readTexts(folder)) {
    if (path.endsWith(".png") || !/^<{7} /m.test(text)) continue;
    const kept = text.replaceAll(/^<{7} .*\r?\n([\s\S]*?)^={7}\r?\n[\s\S]*?^>{7} .*\r?\n/gm, "$1");
    writeFileSync(join(folder, path), kept);
  }
}

async function commit(folder: string): Promise<void> {
  const user = ["-c", "user.name=user", "-c", "user.email=user@localhost", "-c", "commit.gpgsign=false"];
  await run("git", ["add", "--all"], { cwd: folder });
  await run("git", [...user, "commit", "--quiet", "--allow-empty", "--message", "work"], { cwd: folder });
}

function underName({ version, files }: TrialRelease): Texts {
  const entries = [...files].map(([path, text]) => [path, { bytes: bytesOf(path, text), executable: false }] as const);
  const own = renamed({ name: "notes", version, description: "", files: new Map(entries) }, "my-notes");
  return new Map([...own].map(([path, { bytes }]) => [path, bytes.toString(encodingOf(path))]));
}

// Texts of the trial are UTF-8 in memory, and bytes one by one when they are compared.
const encodingOf = (path: string): BufferEncoding => (path.endsWith(".png") ? "latin1" : "utf8");
const bytesOf = (path: string, text: string): Buffer => Buffer.from(text, encodingOf(path));
const withCrlf = (files: Texts): Texts =>
  new Map([...files].map(([path, text]) => [path, path.endsWith(".png") ? text : text.replaceAll("\n", "\r\n")]));

function writeTexts(folder: string, files: Texts): void {
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytesOf(path, text));
  }
}

function readTexts(folder: string): Texts {
  const files: Texts = new Map();
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = entry.replaceAll("\\", "/");
    if (/^(\.git|\.offshoot-before)(\/|$)/.test(path) || !statSync(join(folder, path)).isFile()) continue;
    files.set(path, readFileSync(join(folder, path), encodingOf(path)));
  }
  return files;
}
