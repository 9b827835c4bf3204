import { resolve } from "node:path";
import { checks, runChecks } from "../check/checks.ts";
import { withProgress } from "../progress.ts";
import { openProject } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { planPromotion, promote } from "./promote.ts";

/** `offshoot promote`: one environment's settings become another's, and are locked. */
export const promoteCommand = defineCommand({
  usage: "promote <from> <to> [--lock <file>] [--dry-run]",
  summary:
    "Copies one environment's configuration to another, once `offshoot check` is green, and locks it. What differs between environments (addresses, folders, secrets) stays.",
  options: {
    lock: { type: "string", value: "file", description: "Where the lock goes (default: config.lock.json beside <to>)" },
    "dry-run": { type: "boolean", description: "Say what would change, and write nothing" },
    offline: { type: "boolean", description: "Do not ask the registry in the check" },
  },
  examples: [
    ["offshoot promote config/staging.json config/production.json", "after staging has proved itself"],
    ["offshoot promote config/staging.json config/production.json --dry-run", "what would change"],
  ],
  async run({ words, options, json }) {
    const [from, to, ...more] = words.map((word) => resolve(word));
    if (from === undefined || to === undefined || more.length > 0)
      throw new Refusal("promote takes two files.", "`offshoot promote <from> <to>`.");
    if (from === to) throw new Refusal("Both are the same file.", "name the environment that it is promoted to.");
    const lock = typeof options.lock === "string" ? resolve(options.lock) : undefined;
    if (lock === from || lock === to)
      throw new Refusal("The lock would be written over the settings.", "name another file with --lock.");
    const project = openProject();
    const dry = options["dry-run"] === true;
    const plan = planPromotion(project, from, to, lock);
    const context = { project, offline: options.offline === true, args: undefined };
    const findings = await withProgress("Checking", json, (onStep) => runChecks(checks, context, onStep));
    const wrong = findings.filter(({ status }) => status === "wrong");
    const green = wrong.length === 0;
    if (green && !dry) promote(plan);
    const changes = plan.changes.map(({ setting, before, after }) => `  ${setting}: ${show(before)} → ${show(after)}`);
    return {
      data: {
        digest: plan.digest,
        changes: plan.changes,
        wrong,
        written: green && !dry ? Object.keys(plan.files) : [],
      },
      text: [
        changes.length === 0 ? `${to} has these settings already.` : `${to}:\n${changes.join("\n")}`,
        `digest ${plan.digest}`,
        ...wrong.map(({ name, message, next }) => `✗ ${name}: ${message}${next === undefined ? "" : ` Next: ${next}`}`),
        green
          ? `${dry ? "Would write" : "Wrote"} ${Object.keys(plan.files).join(" and ")}. Start the server with --config and --config-lock.`
          : "Nothing was written: `offshoot check` is not green.",
      ].join("\n"),
      exitCode: green ? 0 : 1,
    };
  },
});

const show = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));
