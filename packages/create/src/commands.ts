/** The command `offshoot`, under whichever name it was started. */
import { type COMMANDS, runnable } from "./runnable.ts";
import { type Command, Refusal, runCommand } from "./terminal.ts";

// biome-ignore lint/suspicious/noExplicitAny: each command has options of its own; runCommand reads them as data
type AnyCommand = Command<any>;

/** The commands, each loaded when it is called. */
const commands: Record<(typeof COMMANDS)[number], { summary: string; load: () => Promise<AnyCommand> }> = {
  update: {
    summary: "Merge upstream's changes into a project",
    load: async () => (await import("./update/command.ts")).update,
  },
  add: {
    summary: "Add a tool, resource or prompt, with its test",
    load: async () => (await import("./add/command.ts")).add,
  },
  check: {
    summary: "Check a project: what is wrong or out of date",
    load: async () => (await import("./check/command.ts")).check,
  },
  contract: {
    summary: "What clients rely on: lock it, compare it, see what a change means",
    load: async () => (await import("./contract/command.ts")).contract,
  },
  policy: {
    summary: "Who may do what: show it, lock it, compare it",
    load: async () => (await import("./policy/command.ts")).policy,
  },
  connect: {
    summary: "Put the server into a client's configuration",
    load: async () => (await import("./connect/command.ts")).connect,
  },
  keys: {
    summary: "Create, list, rotate and revoke the API keys of a server",
    load: async () => (await import("./keys/command.ts")).keys,
  },
  inspect: {
    summary: "Open the official Inspector on the server",
    load: async () => (await import("./connect/inspect.ts")).inspect,
  },
  promote: {
    summary: "Copy one environment's configuration to another, and lock it",
    load: async () => (await import("./promote/command.ts")).promoteCommand,
  },
  eval: {
    summary: "Run the project's evals and compare them with the last accepted run",
    load: async () => (await import("./eval/command.ts")).evalCommand,
  },
  "release-notes": {
    summary: "What changed since a release, as Markdown",
    load: async () => (await import("./release/command.ts")).releaseNotes,
  },
  bundle: {
    summary: "Pack the server for hosts that install with a click, and for the MCP registry",
    load: async () => (await import("./bundle/command.ts")).bundle,
  },
};

const width = Math.max(...Object.keys(commands).map((name) => name.length));
/** The commands, a line each. */
export const commandTable = Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  .join("");
const help = `Keeps a project made from an Offshoot template up to date.

Usage: offshoot <command> [options]

Commands:
${commandTable}
Examples:
  offshoot update --dry-run   what upstream's latest release would change here
  offshoot contract --check   check that the built server matches contract.lock.json
  offshoot check              what to look at before a release

\`offshoot <command> --help\` shows its options. Exit codes: 0 success, 1 the answer is no, 2 the command could not run.
`;

/** Whether a word is one of the commands, and not the folder of a new project. */
export const isCommand = (word: string | undefined): word is keyof typeof commands =>
  word !== undefined && Object.hasOwn(commands, word);

/** Runs the command that the words of a command line name. */
export async function runOffshoot([name, ...words]: string[]): Promise<void> {
  if (name === undefined || name === "--help" || name === "-h") {
    process.stdout.write(runnable(help));
    return;
  }
  const unknown = {
    usage: "<command>",
    summary: "",
    options: {},
    examples: [],
    run: async () => {
      throw new Refusal(`There is no command "${name}".`, `choose one of: ${Object.keys(commands).join(", ")}.`);
    },
  } satisfies AnyCommand;
  const command = isCommand(name) ? await commands[name].load() : unknown;
  await runCommand("offshoot", command, isCommand(name) ? words : words.filter((word) => word === "--json"));
}
