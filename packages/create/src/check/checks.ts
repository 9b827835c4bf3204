import { readBuiltServer } from "../contract/built-server.ts";
import { type Contract, compareContracts } from "../contract/compare-contracts.ts";
import { LOCK, readLock } from "../contract/lock-file.ts";
import { equal } from "../contract/schema.ts";
import { readDecisions } from "../policy/decisions.ts";
import { fileOf, POLICY_LOCK, readPolicyLock } from "../policy/policy-lock.ts";
import type { Project } from "../project.ts";
import { isSecretName } from "../secret-name.ts";
import { Refusal } from "../terminal.ts";
import { filesWithMarkers } from "../update/conflict-markers.ts";
import { openScratchRepository } from "../update/git.ts";
import { latestVersion } from "../update/release.ts";
import { snapshot } from "../update/snapshot.ts";
import { listPaths } from "../update/update.ts";
import { newer } from "../update/version.ts";
import { installedCore } from "./installed-core.ts";
import { packedFiles } from "./packed-files.ts";
import { strayOutput } from "./stdout.ts";
import { upstreamNames } from "./upstream-names.ts";

/** What a check found. `unknown`: it could not be checked. `absent`: there is nothing that could say so. */
export interface Finding {
  name: string;
  status: "ok" | "wrong" | "unknown" | "absent";
  message: string;
  next?: string;
}

/** What a check is given. */
export interface CheckContext {
  project: Project;
  offline: boolean;
  args: string[] | undefined;
}

/** A question to a project, and what came of it. */
export type Check = (context: CheckContext) => Promise<Finding>;

/** A check under its name; what it cannot do without something that is missing is `unknown`. */
export const defineCheck =
  (name: string, look: (context: CheckContext) => Promise<Omit<Finding, "name">>): Check =>
  async (context) => {
    try {
      return { name, ...(await look(context)) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { name, status: "wrong" as const, message: error.message, next: error.next };
    }
  };

/** Asks each, one after the other; `onStep` hears which one begins. */
export async function runChecks(
  list: readonly Check[],
  context: CheckContext,
  onStep: (step: string) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [at, one] of list.entries()) {
    onStep(`Check ${at + 1} of ${list.length}`);
    findings.push(await one(context));
  }
  return findings;
}

/** Whether who may do what is as in the lock. */
export const policyCheck = defineCheck("policy", async ({ project, args }) => {
  const locked = readPolicyLock(project.folder);
  if (locked === undefined)
    return {
      status: "unknown",
      message: `there is no ${POLICY_LOCK} that says who may do what.`,
      next: "`offshoot policy --write`, and commit it.",
    };
  const built = await readDecisions(project, { args, file: fileOf(locked) });
  if (equal(locked, built)) return { status: "ok", message: `who may do what is as in ${POLICY_LOCK}.` };
  return {
    status: "wrong",
    message: `who may do what is not as in ${POLICY_LOCK}.`,
    next: "`offshoot policy --check`; if it is meant, `offshoot policy --write`.",
  };
});

/** Whether a started server speaks the protocol only, and leaves with its client. */
export const stdoutCheck = defineCheck("stdout", async ({ project, args }) => {
  const { lines, stray } = await strayOutput(project, args);
  if (stray.length > 0)
    return {
      status: "wrong",
      message: `carries more than the protocol: ${JSON.stringify(stray[0]?.slice(0, 60))}.`,
      next: "write logs to stderr: `context.log`, never console.log.",
    };
  return { status: "ok", message: `carries the protocol only (${lines} lines read).` };
});

/** Whether an earlier version of a tool is served beyond the day on which it was to end. */
export const versionsCheck = defineCheck("versions", async ({ project }) => {
  const ends = endsOf(readLock(project.folder));
  if (ends.length === 0) return { status: "ok", message: "no earlier version of a tool has an end date." };
  const over = ends.filter(({ sunset }) => sunset <= new Date().toISOString().slice(0, 10));
  if (over.length === 0) return { status: "ok", message: `${listEnds(ends)}.` };
  return {
    status: "wrong",
    message: `still served: ${listEnds(over)}.`,
    next: "remove it, which is a major release, or move its `sunset` and tell the clients that pin it.",
  };
});

/** In the order of the answer. */
export const checks: Check[] = [
  defineCheck("conflict markers", async ({ project }) => {
    const repository = await openScratchRepository();
    try {
      const files = filesWithMarkers(await snapshot(repository, project.folder));
      if (files.length === 0) return { status: "ok", message: "none." };
      return { status: "wrong", message: `in ${listPaths(files)}.`, next: "resolve them and commit." };
    } finally {
      await repository.close();
    }
  }),
  defineCheck("contract", async ({ project, args }) => {
    const locked = readLock(project.folder);
    const built = await readBuiltServer(project, args);
    if (equal(locked, built)) return { status: "ok", message: `the built server matches ${LOCK}.` };
    const paths = compareContracts(locked, built).map(({ path }) => path);
    return {
      status: "wrong",
      message: `the built server does not match ${LOCK}: ${listPaths(paths)}.`,
      next: "`offshoot contract --diff`; if it is meant, `offshoot contract --write`.",
    };
  }),
  versionsCheck,
  policyCheck,
  stdoutCheck,
  defineCheck("packed files", async ({ project }) => {
    const files = await packedFiles(project.folder);
    const secret = files.filter(isSecretName);
    if (secret.length === 0) return { status: "ok", message: `none of ${files.length} has the name of a secret.` };
    return {
      status: "wrong",
      message: `\`npm publish\` would publish ${listPaths(secret)}.`,
      next: 'move them out of the folder, or exclude them in "files" of package.json: "!**/<name>".',
    };
  }),
  defineCheck("core", ({ project, offline }) => {
    const { version, local } = installedCore(project);
    if (local)
      return Promise.resolve({
        status: "unknown",
        message: `${version}, from ${local} and not from the registry.`,
        next: "once it is released, `npm install @offshoot/core@latest`.",
      });
    return compareWithLatest(version, offline, "`npm install @offshoot/core@latest`, then your tests.", () =>
      latestVersion("core"),
    );
  }),
  defineCheck("template", async ({ project: { marker }, offline }) => {
    const { template, version } = marker;
    if (template === undefined || version === undefined)
      return { status: "ok", message: "this server was not made from a template." };
    return compareWithLatest(version, offline, "`offshoot update --dry-run`.", () => latestVersion(template));
  }),
  defineCheck("names", async ({ project }) => {
    const left = upstreamNames(project);
    if (left.length === 0) return { status: "ok", message: "upstream's name is not used." };
    return {
      status: "wrong",
      message: `upstream's name is still in ${listPaths(left)}.`,
      next: "put yours in its place.",
    };
  }),
];

interface End {
  version: string;
  sunset: string;
}

/** Earlier versions with a day on which they end, the first to end first. */
function endsOf({ tools = {} }: Contract): End[] {
  const ends = Object.entries(tools as Record<string, { versions?: Record<string, { sunset?: unknown }> }>).flatMap(
    ([name, { versions = {} }]) =>
      Object.entries(versions).flatMap(([version, { sunset }]) =>
        typeof sunset === "string" ? [{ version: `${name}@${version}`, sunset }] : [],
      ),
  );
  return ends.sort((a, b) => (a.sunset < b.sunset ? -1 : 1));
}

const listEnds = (ends: readonly End[]): string =>
  ends.map(({ version, sunset }) => `${version} ends on ${sunset}`).join(", ");

async function compareWithLatest(
  version: string,
  offline: boolean,
  next: string,
  ask: () => Promise<string>,
): Promise<Omit<Finding, "name">> {
  if (offline)
    return {
      status: "unknown",
      message: `${version}; the registry was not asked.`,
      next: "leave out --offline to ask it.",
    };
  let latest: string;
  try {
    latest = await ask();
  } catch {
    return {
      status: "unknown",
      message: `${version}; the registry did not answer, or does not have it.`,
      next: "`npm ping`, then again; `npm config get registry` says which one is asked.",
    };
  }
  if (newer(latest, version)) return { status: "wrong", message: `${version} is behind ${latest}.`, next };
  return { status: "ok", message: `${version} is the latest.` };
}
