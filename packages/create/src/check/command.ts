import { during } from "../progress.ts";
import { openProject } from "../project.ts";
import { defineCommand } from "../terminal.ts";
import { runChecks } from "./checks.ts";

const SIGNS = { ok: "✓", wrong: "✗", unknown: "?" };

/** `offshoot check`: what is wrong or old, a line each. */
export const check = defineCommand({
  usage: "check [--offline] [-- <the server's arguments>]",
  summary: "Checks a project as CI should: a line for each check, which is ok, wrong or unknown.",
  options: { offline: { type: "boolean", description: "Do not ask the registry; what depends on it is unknown" } },
  examples: [
    ["offshoot check", "after a build"],
    ["offshoot check --json", "for a program: exit code 1 when something is wrong"],
    ["offshoot check --offline -- --store memory", "without a network, the server started with arguments"],
  ],
  async run({ words, options, json }) {
    const project = openProject();
    const context = { project, offline: options.offline === true, args: words.length > 0 ? words : undefined };
    const findings = await during("Checking", json, (onStep) => runChecks(context, onStep));
    const wrong = findings.filter(({ status }) => status === "wrong");
    const unknown = findings.filter(({ status }) => status === "unknown");
    const width = Math.max(...findings.map(({ name }) => name.length));
    return {
      data: { findings, wrong: wrong.length, unknown: unknown.length },
      text: [
        ...findings.map(
          ({ name, status, message, next }) =>
            `${SIGNS[status]} ${name.padEnd(width)}  ${message}${next === undefined ? "" : ` Next: ${next}`}`,
        ),
        `${findings.length - wrong.length - unknown.length} ok, ${wrong.length} wrong, ${unknown.length} unknown`,
      ].join("\n"),
      exitCode: wrong.length > 0 ? 1 : 0,
    };
  },
});
