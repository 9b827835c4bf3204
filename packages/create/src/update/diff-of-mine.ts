import { openFork } from "../project.ts";
import { openScratchRepository } from "./git.ts";
import { importCommits } from "./merge.ts";
import { ownFiles } from "./mine.ts";
import { latestVersion, readRelease } from "./release.ts";

/** A patch of what upstream changed between two versions in the files that a project calls its own. @throws Refusal */
export async function diffOfMine(options: {
  to?: string | undefined;
  since?: string | undefined;
  from?: string | undefined;
  base?: string | undefined;
}): Promise<string> {
  const { marker } = openFork();
  const repository = await openScratchRepository();
  try {
    const since = { version: options.since ?? marker.version, from: options.base, option: "--base" };
    const base = await readRelease(repository, marker, since);
    const version = options.from === undefined ? await latestVersion(marker.template, options.to) : undefined;
    const theirs = await readRelease(repository, marker, { version, from: options.from, option: "--from" });
    await importCommits(repository, [
      { branch: "before", files: ownFiles(base.files, marker) },
      { branch: "after", files: ownFiles(theirs.files, marker) },
    ]);
    return String((await repository.git(["diff", "--no-color", "before", "after"])).stdout);
  } finally {
    await repository.close();
  }
}
