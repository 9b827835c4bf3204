import { basename, resolve } from "node:path";
import validate from "validate-npm-package-name";
import { Refusal } from "../terminal.ts";

/** The names of a project: of its package, and of the command and server, which have no scope. */
export interface Names {
  package: string;
  bin: string;
}

/** The names that follow from a package name. Throws a {@link Refusal} for one that npm would not take. */
export function namesOf(name: string): Names {
  const { validForNewPackages, errors = [], warnings = [] } = validate(name);
  if (!validForNewPackages) {
    throw new Refusal(
      `"${name}" cannot be the name of a package: ${[...errors, ...warnings].join(", ")}.`,
      "give another with --name, in lower case and without spaces, such as my-notes.",
    );
  }
  return { package: name, bin: name.replace(/^@[^/]+\//, "") };
}

/** First words of the variables that other programs set: a server would refuse, say, `GITHUB_ACTIONS` as a setting of its own. */
const TAKEN = new Set(
  (
    "ACTIONS AGENT ANTHROPIC AWS AZURE BASH BUILD BUN CI CLAUDE CURSOR DATABASE DBUS DEBUG DENO DISPLAY DOCKER GCLOUD GH GIT " +
    "GITHUB GITLAB GNOME GOOGLE GPG INIT JAVA JIRA KUBERNETES LC MONGO MYSQL NEXT NODE NOTION NPM OPENAI OTEL PG " +
    "PNPM POSTGRES PROJECT PYTHON REDIS RUNNER SENTRY SHELL SLACK SSH SSL STRIPE SYSTEM SYSTEMD TERM USER VERCEL VITE VSCODE XDG YARN"
  ).split(" "),
);

/**
 * What the environment variables of a server begin with. A digit may not come first. A name whose own variables are
 * usually set by another program gets `_MCP` behind it.
 */
export function envPrefixOf(bin: string): string {
  const prefix = bin
    .toUpperCase()
    .replaceAll(/[^A-Z\d]+/g, "_")
    .replace(/^(?=\d)|^_/, "MCP_");
  const words = prefix.split("_");
  return TAKEN.has(words[0] as string) && !words.includes("MCP") ? `${prefix}_MCP` : prefix;
}

/** The name that a folder suggests. */
export const nameOfFolder = (folder: string): string => basename(resolve(folder)).toLowerCase().replaceAll(/\s+/g, "-");
