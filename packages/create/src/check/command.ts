import { withProgress } from "../progress.ts";
import { openProject } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { checks, runChecks } from "./checks.ts";

const SIGNS = { ok: "✓", wrong: "✗", unknown: "?", absent: "–" };

/** `offshoot check`: what is wrong or old, a line each. */
export const check = defineCommand({
  usage: "check [--release [--without <checks>]] [--offline] [-- <the server's arguments>]",
  summary: "Checks a project, as CI should: one line for each check, ok, wrong or unknown.",
  options: {
    release: {
      type: "boolean",
      description: "The eight checks before a release; whatever is absent fails it",
    },
    without: { type: "string", value: "checks", description: "Checks that may be absent: drills,configuration" },
    offline: { type: "boolean", description: "Do not ask the registry; what depends on it is unknown" },
  },
  examples: [
    ["offshoot check", "after a build"],
    ["offshoot check --json", "for a program: exit code 1 when something is wrong"],
    ["offshoot check --release --without drills", "before a release, of a server that has no drills"],
    ["offshoot check --offline -- --store memory", "without a network, the server started with arguments"],
  ],
  async run({ words, options, json }) {
    const accepted = options.without?.split(",").map((line) => line.trim()) ?? [];
    if (accepted.length > 0 && !options.release) throw new Refusal("--without is for --release.", "add --release.");
    const project = openProject();
    const context = { project, offline: options.offline === true, args: words.length > 0 ? words : undefined };
    const lines = options.release ? (await import("./release-gate.ts")).releaseGate : checks;
    const findings = await withProgress("Checking", json, (onStep) => runChecks(lines, context, onStep));
    const unheard = accepted.find((line) => !findings.some(({ name }) => name === line));
    if (unheard !== undefined)
      throw new Refusal(
        `There is no check "${unheard}".`,
        `--without takes some of: ${findings.map(({ name }) => name).join(", ")}.`,
      );
    const absent = findings.filter(({ status }) => status === "absent");
    const open = absent.filter(({ name }) => !accepted.includes(name));
    const wrong = findings.filter(({ status }) => status === "wrong");
    const unknown = findings.filter(({ status }) => status === "unknown");
    const width = Math.max(...findings.map(({ name }) => name.length));
    return {
      data: {
        findings,
        wrong: wrong.length,
        unknown: unknown.length,
        absent: absent.map(({ name }) => name),
        accepted,
      },
      text: [
        ...findings.map(
          ({ name, status, message, next }) =>
            `${SIGNS[status]} ${name.padEnd(width)}  ${message}${next === undefined ? "" : ` Next: ${next}`}`,
        ),
        `${findings.length - wrong.length - unknown.length - absent.length} ok, ${wrong.length} wrong, ${unknown.length} unknown${options.release ? `, ${absent.length} absent` : ""}`,
        ...(open.length > 0
          ? [`Not ready for a release: ${open.map(({ name }) => name).join(", ")} absent. --without accepts that.`]
          : []),
      ].join("\n"),
      exitCode: wrong.length + open.length > 0 ? 1 : 0,
    };
  },
});
