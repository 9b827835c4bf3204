import { execFile } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, matchesGlob } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { renameTemplate } from "../../src/create/rename.ts";
import { updateProject } from "../../src/update/update.ts";
import { bytesOf, encodingOf, readTexts, withCrlf, writeTexts } from "./folders.ts";
import { type ForkPlan, forkPlans, work } from "./fork.ts";
import { judgeUpdate, works } from "./judge-update.ts";
import { makeReleases, type TrialRelease } from "./releases.ts";
import type { Sums } from "./sums.ts";
import type { Texts } from "./texts.ts";

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
  process.env.TORTURE_MEMORY = join(place, "memory");
  mkdirSync(join(place, "memory"), { recursive: true });
  quickNpm(join(place, "bin"));
  symlinkSync(nodeModules, join(place, "node_modules"), "junction");
  const sums: Sums = {
    forks: 0,
    updates: 0,
    gated: 0,
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
  const begun = await works(folder);
  // Else its gates would be off, and nothing that follows would be tried.
  if (begun !== true) throw new Error(`The trial's own fork ${index} does not work: ${begun}`);
  let green = true;
  for (const [step, release] of releases.slice(1).entries()) {
    const name = `fork ${index} to ${release.version}`;
    const before = readTexts(folder);
    const shadow = join(root, "shadow");
    for (const [side, files] of [
      ["base", releases[step]],
      ["theirs", release],
    ] as const)
      writeTexts(join(shadow, side), withoutMine(plan, files as TrialRelease));
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
    const after = readTexts(folder);
    for (const path of new Set([...before.keys(), ...after.keys()]))
      if (isMine(plan, path) && before.get(path) !== after.get(path))
        sums.lostUserFiles.push(`${name}: ${path} is mine`);
    const verdict = await judgeUpdate(name, { folder, shadow, before, result, user, gated: green }, sums);
    settle(folder);
    if (repository) await commit(repository);
    green = verdict ?? (await works(folder)) === true;
    rmSync(shadow, { recursive: true });
  }
  rmSync(root, { recursive: true, force: true });
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

const isMine = ({ mine }: ForkPlan, path: string): boolean => mine.some((glob) => matchesGlob(path, glob));

/** What of a release an update is about, for a fork that calls some of it its own. */
function withoutMine(plan: ForkPlan, release: TrialRelease): Texts {
  const files = plan.named ? underName(release) : release.files;
  return new Map([...files].filter(([path]) => !isMine(plan, path)));
}

function underName({ version, files }: TrialRelease): Texts {
  const entries = [...files].map(([path, text]) => [path, { bytes: bytesOf(path, text), executable: false }] as const);
  const own = renameTemplate({ name: "notes", version, description: "", files: new Map(entries) }, "my-notes");
  return new Map([...own].map(([path, { bytes }]) => [path, bytes.toString(encodingOf(path))]));
}
