import { resolve } from "node:path";
import { type Fork, openFork } from "../project.ts";
import { Refusal } from "../terminal.ts";
import { beforePacking } from "./before-packing.ts";
import { filesWithMarkers } from "./conflict-markers.ts";
import { differenceOf } from "./files.ts";
import { findUnasked } from "./find-unasked.ts";
import { gatesOf, reinstall, requireGreen, runGates } from "./gates.ts";
import { openScratchRepository, type ScratchRepository } from "./git.ts";
import { lockProject, recover, writeChanges } from "./journal.ts";
import { knownGreen, rememberGreen, stateOf } from "./known-green.ts";
import { alignLineEnds } from "./line-ends.ts";
import { mergeFiles } from "./merge.ts";
import { ownFiles, withoutOwn } from "./mine.ts";
import type { Update } from "./outcome.ts";
import { openOwnRepository } from "./own-repository.ts";
import { latestVersion, readRelease } from "./release.ts";
import { snapshot } from "./snapshot.ts";
import { unresolvedImports } from "./unresolved-imports.ts";

/** What {@link updateProject} takes. */
export interface UpdateOptions {
  folder?: string;
  /** A version or tag on the registry. Default `latest`. */
  to?: string | undefined;
  /** A folder or tarball of the wanted version, instead of the registry. */
  from?: string | undefined;
  /** The same for the version that the project comes from. */
  base?: string | undefined;
  /** Only says what would happen. */
  dryRun?: boolean;
  /** Whether the project's own scripts run before and after. Default `true`. */
  gates?: boolean;
  /** Whether packages are installed between merge and gates when dependencies changed. Default `true`. */
  install?: boolean;
  /** Hears each step as it begins. */
  onStep?: (what: string) => void;
}

/** Takes a template's later version over into a project made from an earlier one. @throws Refusal */
export async function updateProject(options: UpdateOptions = {}): Promise<Update> {
  const repository = await openScratchRepository();
  try {
    const fork = openFork(resolve(options.folder ?? "."));
    // Before what was cut off is taken back: it may be what another update is writing at this moment.
    const unlock = options.dryRun ? undefined : lockProject(fork.folder);
    try {
      return await updateWith(repository, fork, options);
    } finally {
      unlock?.();
    }
  } finally {
    await repository.close();
  }
}

async function updateWith(
  repository: ScratchRepository,
  { folder, marker, manifest }: Fork,
  options: UpdateOptions,
): Promise<Update> {
  const { dryRun = false, gates = true, install = true, onStep = () => {} } = options;
  const own = await openOwnRepository(folder);
  const recovered = dryRun ? undefined : recover(folder);
  if (recovered) await own?.reset([...recovered.restored, ...recovered.left]);
  if (recovered?.kept)
    throw new Refusal(
      `An update was interrupted here, and these files were changed since: ${listPaths(recovered.left)}. The rest is as it was before.`,
      `compare them with ${recovered.kept}/before, and run the update again.`,
    );

  const markers = [
    ...new Set([...filesWithMarkers(await snapshot(repository, folder)), ...((await own?.unmerged()) ?? [])]),
  ];
  if (markers.length > 0)
    throw new Refusal(
      `Conflicts of an earlier merge are not resolved: ${listPaths(markers)}.`,
      "resolve and commit them, then run the update again.",
    );
  onStep(`Reading ${marker.template} ${marker.version} and the new version`);
  const wanted = options.from === undefined ? await latestVersion(marker.template, options.to) : undefined;
  const base = await readRelease(repository, marker, { version: marker.version, from: options.base, option: "--base" });
  if (base.version !== marker.version)
    throw new Refusal(
      `--base is version ${base.version}, and this project comes from ${marker.version}.`,
      "name the version that offshoot.json does.",
    );
  const theirs = await readRelease(repository, marker, { version: wanted, from: options.from, option: "--from" });
  const yours = await snapshot(repository, folder, [...base.files.keys(), ...theirs.files.keys()]);

  const result: Update = {
    template: marker.template,
    from: marker.version,
    to: theirs.version,
    status: "up to date",
    upstream: differenceOf(base.files, theirs.files),
    mine: differenceOf(ownFiles(base.files, marker), ownFiles(theirs.files, marker)),
    yours: differenceOf(base.files, beforePacking(alignLineEnds(yours, base.files).files)),
    written: [],
    removed: [],
    conflicts: [],
    kept: [],
    unresolved: [],
    unasked: [],
    gates: [],
    installs: false,
    ...(recovered && { recovered }),
    patch: "",
    git: own !== undefined,
  };
  if (theirs.version === marker.version) return result;

  const label = `${marker.template}-${theirs.version}`;
  onStep(`Merging ${label}`);
  const merge = await mergeFiles(repository, {
    base: withoutOwn(base.files, marker),
    yours,
    theirs: withoutOwn(theirs.files, marker),
    version: theirs.version,
    label,
  });
  result.patch = await merge.patch();
  result.conflicts = merge.conflicts;
  result.kept = merge.kept;
  result.unresolved = unresolvedImports(merge.changes, yours);
  result.status = merge.conflicts.length > 0 ? "conflicts" : "clean";
  for (const [path, entry] of merge.changes) (entry === undefined ? result.removed : result.written).push(path);
  const before = yours.get("package.json")?.bytes;
  const after = merge.changes.get("package.json")?.bytes ?? before;
  result.installs = dependenciesOf(before) !== dependenciesOf(after);
  result.unasked = findUnasked(before, after, merge.changes);
  if (dryRun) return result;

  const dirty = (await own?.dirty()) ?? [];
  if (dirty.length > 0)
    throw new Refusal(
      `There are changes that are not committed: ${listPaths(dirty)}.`,
      "commit them, or `git stash -u`; then the update's changes can be reviewed and undone by themselves.",
    );
  const names = gates ? gatesOf(manifest) : [];
  if (names.length > 0) {
    const state = stateOf(folder, yours, names);
    const since = knownGreen(folder, state);
    if (since === undefined) {
      await requireGreen(folder, names, onStep);
      rememberGreen(folder, state);
    } else {
      result.knownGreen = since;
      onStep(`Before the update: ${names.join(", ")} were green on these files`);
    }
  }
  onStep("Writing");
  const finished = writeChanges(folder, merge.changes);
  try {
    await own?.markConflicts(merge.stages);
  } catch (error) {
    recover(folder);
    throw error;
  }
  finished(own === undefined);
  if (result.status === "conflicts" || names.length === 0 || result.unasked.length > 0) return result;

  if (result.installs && install) {
    onStep("Installing what is new");
    result.gates.push(await reinstall(folder));
  }
  if (result.gates.every(({ green }) => green))
    result.gates.push(...(await runGates(folder, names, (name) => onStep(`After the update: ${name}`))));
  if (result.gates.some(({ green }) => !green)) result.status = "red";
  else rememberGreen(folder, stateOf(folder, await snapshot(repository, folder, theirs.files.keys()), names));
  return result;
}

const dependenciesOf = (bytes: Buffer | undefined): string => {
  const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(String(bytes ?? "{}"));
  return JSON.stringify([dependencies, devDependencies, optionalDependencies, overrides]);
};

/** A few of many paths. */
export const listPaths = (paths: readonly string[]): string =>
  paths.length > 5 ? `${paths.slice(0, 5).join(", ")} and ${paths.length - 5} more` : paths.join(", ");
