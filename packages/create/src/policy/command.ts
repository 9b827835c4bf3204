import { join } from "node:path";
import { openProject } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";
import { readDecisions } from "./decisions.ts";
import { changesOf, fileOf, POLICY_LOCK, readPolicyLock } from "./policy-lock.ts";
import { showTables } from "./show-tables.ts";

/** `offshoot policy`: who may do what on the built server, for each tool and kind of caller. */
export const policy = defineCommand({
  usage: "policy [--profile <name>] [--policy <file>] [--write | --check] [-- <the server's arguments>]",
  summary:
    "Shows who may do what under each policy of the built server: tools, resources and prompts × kinds of caller.",
  options: {
    profile: { type: "string", value: "name", description: "Show only this policy of the server" },
    policy: { type: "string", value: "file", description: "A policy file too, by its path from the project's folder" },
    write: {
      type: "boolean",
      description: `Write ${POLICY_LOCK}, which \`offshoot check\` and the contract suite compare with`,
    },
    check: { type: "boolean", description: `Check that it is as in ${POLICY_LOCK}` },
  },
  examples: [
    ["offshoot policy", "every policy that --profile takes"],
    ["offshoot policy --profile strict --json", "one of them, each tool by itself"],
    ["offshoot policy --policy policy.json --write", "also lock a policy file of yours"],
    ["offshoot policy --check", "in CI, after the build"],
  ],
  async run({ words, options: { profile, policy: given, write, check } }) {
    if (write && check) throw new Refusal("--write and --check exclude each other.", "choose one.");
    const project = openProject();
    const locked = readPolicyLock(project.folder);
    const args = words.length > 0 ? words : undefined;
    const file = given ?? (write || check ? locked && fileOf(locked) : undefined);
    const built = await readDecisions(project, { args, file });
    if (write) {
      writeFileAtomically(join(project.folder, POLICY_LOCK), `${JSON.stringify(built, null, 2)}\n`);
      return { data: { written: POLICY_LOCK }, text: `${POLICY_LOCK} says who may do what. Commit it.` };
    }
    if (check) {
      if (locked === undefined)
        throw new Refusal(`There is no ${POLICY_LOCK} here.`, "`offshoot policy --write`, and commit it.");
      const changes = changesOf(locked, built);
      return {
        data: { clean: changes.length === 0, changes },
        text:
          changes.length === 0
            ? `Who may do what is as in ${POLICY_LOCK}.`
            : `Who may do what is not as in ${POLICY_LOCK}:\n${changes.map((change) => `  ${change}`).join("\n")}\nNext: if this is meant, \`offshoot policy --write\` and commit.`,
        exitCode: changes.length === 0 ? 0 : 1,
      };
    }
    const wanted = profile ?? given;
    const tables = Object.entries(built).filter(([name]) => wanted === undefined || name === wanted);
    if (tables.length === 0)
      throw new Refusal(`There is no policy "${wanted}".`, `choose one of: ${Object.keys(built).join(", ")}.`);
    const shown = Object.fromEntries(tables);
    return { data: shown, text: showTables(shown) };
  },
});
