import { join } from "node:path";
import { openProject } from "../project.ts";
import { type Answer, defineCommand, Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";
import { readBuiltServer } from "./built-server.ts";
import { bumpFor, type Change } from "./change.ts";
import { type Contract, compareContracts } from "./compare-contracts.ts";
import { LOCK, readLock, readLockAt } from "./lock-file.ts";
import { equal } from "./schema.ts";

/** `offshoot contract`: the public surface of the built server, written down and compared. */
export const contract = defineCommand({
  usage: "contract --write | --check | --diff | --against <ref> [-- <the server's arguments>]",
  summary: `Compares what the built server offers with ${LOCK}, and says what a change means for clients.`,
  options: {
    write: { type: "boolean", description: `Write ${LOCK} from the built server` },
    check: { type: "boolean", description: `Check that the built server matches ${LOCK} (default)` },
    diff: { type: "boolean", description: "Each change with what it means for clients, and the version step it needs" },
    against: { type: "string", value: "ref", description: `The same, from ${LOCK} at a tag or commit to the one here` },
  },
  examples: [
    ["offshoot contract --check", "in CI, after the build"],
    ["offshoot contract --diff", "what your change means for clients, before you accept it"],
    ["offshoot contract --write", "accept it: the lock then shows the change in review"],
    ["offshoot contract --against v1.2.0", "what has changed since a release"],
    ["offshoot contract --check -- --store memory", "start the server with arguments"],
  ],
  async run({ words, options }) {
    const { write, diff, against } = options;
    if ([write, diff, against, options.check].filter((option) => option !== undefined).length > 1)
      throw new Refusal("--write, --check, --diff and --against exclude each other.", "choose one.");
    const project = openProject();
    const { version = "0.0.0" } = project.manifest;
    if (against !== undefined)
      return since(readLockAt(project.folder, against), readLock(project.folder), against, version);
    // Before the server is started: a lock that cannot be read is quick to name.
    const locked = write ? {} : readLock(project.folder);
    const built = await readBuiltServer(project, words.length > 0 ? words : undefined);
    if (write) {
      writeFileAtomically(join(project.folder, LOCK), `${JSON.stringify(built, null, 2)}\n`);
      return { data: { written: LOCK }, text: `${LOCK} now matches the built server. Commit it.` };
    }
    if (diff) return reportChanges(compareContracts(locked, built), `from ${LOCK} to the built server`, version);
    const same = equal(locked, built);
    const changes = same ? [] : compareContracts(locked, built);
    return {
      data: { clean: same, changes },
      text: same
        ? `The built server matches ${LOCK}.`
        : `The built server does not match ${LOCK}:\n${listChanges(changes)}\nNext: if this is meant, \`offshoot contract --write\` and commit; \`--diff\` says what it means for clients.`,
      exitCode: same ? 0 : 1,
    };
  },
});

function since(before: Contract | undefined, after: Contract, ref: string, version: string): Answer {
  if (before === undefined) return { data: { before: null, changes: [] }, text: `There was no ${LOCK} at ${ref}.` };
  return reportChanges(compareContracts(before, after), `from ${ref} to here`, version);
}

function reportChanges(changes: Change[], way: string, version: string): Answer {
  const bump = bumpFor(changes, version);
  if (changes.length === 0) return { data: { changes, bump }, text: `Nothing changed ${way}.` };
  return {
    data: { changes, bump },
    text: `What changed ${way}:\n${listChanges(changes)}\nThis asks for a ${bump} release${version.startsWith("0.") ? " (before 1.0.0 a minor one may break)" : ""}.`,
    exitCode: 1,
  };
}

/** A change a line, the most severe first. */
export function listChanges(changes: readonly Change[]): string {
  const order = ["major", "minor", "patch", "routing"];
  return [...changes]
    .sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
    .map(({ level, path, what }) => `  ${level.padEnd(7)}  ${path}: ${what}`)
    .join("\n");
}
