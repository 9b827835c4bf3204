import { join } from "node:path";
import { readBuiltServer } from "../contract/built-server.ts";
import { bumpFor, suffices } from "../contract/change.ts";
import { compareContracts } from "../contract/compare-contracts.ts";
import { LOCK, readLock, readLockAt } from "../contract/lock-file.ts";
import { equal } from "../contract/schema.ts";
import { evalsFile, loadCore } from "../eval/load-evals.ts";
import { runEvals } from "../eval/run-evals.ts";
import { readConfigOf } from "../promote/server-config.ts";
import { readJson } from "../read-json.ts";
import { readDrills } from "../release/changes.ts";
import { atRef, here, isShallow, lastTag } from "../release/point.ts";
import { runGates } from "../update/gates.ts";
import { stepBetween } from "../update/version.ts";
import { type Check, type CheckContext, defineCheck, policyCheck, stdoutCheck } from "./checks.ts";

/** The eight lines of a release, in order: each a fact, or an absence with its name. */
export const releaseGate: Check[] = [
  defineCheck("contract", async ({ project, args }) => {
    const locked = readLock(project.folder);
    if (!equal(locked, await readBuiltServer(project, args)))
      return {
        status: "wrong",
        message: `the built server does not match ${LOCK}.`,
        next: "`offshoot contract --diff`; if it is meant, `offshoot contract --write`.",
      };
    const tag = lastTag(project.folder);
    if (tag === undefined && isShallow(project.folder)) return shallow;
    const before = tag === undefined ? undefined : readLockAt(project.folder, tag);
    if (tag === undefined || before === undefined)
      return {
        status: "ok",
        message: `the built server matches ${LOCK}; there is no release to compare it with.`,
      };
    const { version: released = "0.0.0" } = atRef(project, tag);
    const wanted = bumpFor(compareContracts(before, locked), released);
    const { version = "0.0.0" } = project.manifest;
    if (suffices(stepBetween(released, version), wanted))
      return { status: "ok", message: `as in ${LOCK}; ${released} → ${version} is a large enough step since ${tag}.` };
    return {
      status: "wrong",
      message: `what changed since ${tag} asks for a ${wanted} release, and ${released} → ${version} is not one.`,
      next: `\`offshoot contract --against ${tag}\`, then raise the version in package.json.`,
    };
  }),
  defineCheck("tests", async ({ project }) => {
    if (project.manifest.scripts?.test === undefined)
      return { status: "absent", message: "package.json has no script test.", next: "write one." };
    const [gate] = await runGates(project.folder, ["test"], () => {});
    return gate?.green === true
      ? { status: "ok", message: `the project's tests are green (${Math.round(gate.tookMs / 1_000)} s).` }
      : { status: "wrong", message: `the project's tests fail:\n${gate?.output}`, next: "fix them." };
  }),
  defineCheck("evals", async ({ project }) => {
    const { folder } = project;
    if (evalsFile(folder) === undefined)
      return {
        status: "absent",
        message: "there are no evals.",
        next: "see `offshoot eval --help`.",
      };
    const { result, baseline, comparison } = await runEvals(await loadCore(folder), { folder }, false, () => {});
    if (baseline === undefined)
      return { status: "absent", message: "there is no baseline.", next: "`offshoot eval --update`, and commit it." };
    if (comparison.worse.length > 0)
      return {
        status: "wrong",
        message: `worse than the baseline: ${comparison.worse.join("; ")}.`,
        next: "`offshoot eval`.",
      };
    return { status: "ok", message: `${result.passed} of ${result.tried} scenarios pass, none worse than before.` };
  }),
  async (context) => {
    const finding = await policyCheck(context);
    return finding.status === "unknown" ? { ...finding, status: "absent" } : finding;
  },
  defineCheck("configuration", configuration),
  defineCheck("drills", async ({ project }) => {
    const drills = readDrills(here(project));
    if (drills.absent !== undefined)
      return {
        status: "absent",
        message: `${drills.absent}: no drill has been run.`,
        next: "write what your drills print with --json into drills.jsonl.",
      };
    const bad = drills.found.filter(({ verdict }) => verdict !== "pass");
    if (bad.length === 0) return { status: "ok", message: `${drills.found.length} of ${drills.found.length} passed.` };
    return {
      status: "wrong",
      message: bad.map(({ drill, verdict }) => `${drill}: ${verdict}`).join(", "),
      next: "fix what they name, and run them again.",
    };
  }),
  async (context) => ({ ...(await stdoutCheck(context)), name: "start" }),
  defineCheck("way back", async ({ project }) => {
    const tag = lastTag(project.folder);
    if (tag === undefined && isShallow(project.folder)) return shallow;
    if (tag === undefined)
      return {
        status: "absent",
        message: "no release is tagged to go back to.",
        next: "`git tag v<version>` what runs now.",
      };
    const before = readLockAt(project.folder, tag);
    if (before === undefined)
      return { status: "absent", message: `${tag} has no ${LOCK}: what going back takes away is unknown.` };
    // The other way round: what today's clients would miss.
    const missing = compareContracts(readLock(project.folder), before).filter(({ level }) => level === "major");
    return {
      status: "ok",
      message:
        missing.length === 0
          ? `${tag}, which has all that today's clients use.`
          : `${tag}; going back takes away ${missing.map(({ path }) => path).join(", ")}.`,
    };
  }),
];

/** Not to be taken for a project that was never released. */
const shallow = {
  status: "absent" as const,
  message: "this clone is shallow: the release before is not in it.",
  next: "`git fetch --unshallow --tags`; in CI, check out the whole history.",
};

/** Whether the built server makes of a lock's values what was promoted: a default may be another by now. */
async function configuration({ project }: CheckContext) {
  const files = here(project).named("config.lock.json");
  if (files.length === 0)
    return {
      status: "absent" as const,
      message: "there is no config.lock.json: no environment's settings are locked.",
      next: "`offshoot promote <from> <to>`.",
    };
  for (const file of files) {
    const { digest, values } = readJson(join(project.folder, file), "`offshoot promote` writes it again.");
    if (readConfigOf(project, values).digest !== digest)
      return {
        status: "wrong" as const,
        message: `the built server reads ${file} differently from when it was promoted.`,
        next: "`offshoot promote <from> <to>` with this build.",
      };
  }
  return { status: "ok" as const, message: `the built server reads ${files.join(", ")} as it was promoted.` };
}
