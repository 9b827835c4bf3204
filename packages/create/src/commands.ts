/** The command `offshoot`, under whichever name it was started. */
import { type COMMANDS, runnable } from "./runnable.ts";
import { type Command, Refusal, runCommand } from "./terminal.ts";

// biome-ignore lint/suspicious/noExplicitAny: each command has options of its own; runCommand reads them as data
type AnyCommand = Command<any>;

/** The commands, each loaded when it is called. */
const commands: Record<(typeof COMMANDS)[number], { summary: string; load: () => Promise<AnyCommand> }> = {
  update: {
    summary: "Take upstream's changes into a project",
    load: async () => (await import("./update/command.ts")).update,
  },
  add: {
    summary: "Write another tool, resource or prompt, with its test",
    load: async () => (await import("./add/command.ts")).add,
  },
  check: {
    summary: "What is wrong or old in a project, a line each",
    load: async () => (await import("./check/command.ts")).check,
  },
  contract: {
    summary: "What clients rely on: write it down, compare it, see what a change means",
    load: async () => (await import("./contract/command.ts")).contract,
  },
  policy: {
    summary: "Who may do what: show it, write it down, compare it",
    load: async () => (await import("./policy/command.ts")).policy,
  },
  connect: {
    summary: "Put the server into a client's configuration",
    load: async () => (await import("./connect/command.ts")).connect,
  },
  keys: {
    summary: "Make, list, rotate and withdraw the API keys of a server",
    load: async () => (await import("./keys/command.ts")).keys,
  },
  inspect: {
    summary: "Open the official Inspector on the server",
    load: async () => (await import("./connect/inspect.ts")).inspect,
  },
  promote: {
    summary: "Take one environment's configuration over into another's, and lock it",
    load: async () => (await import("./promote/command.ts")).promoteCommand,
  },
  eval: {
    summary: "Whether the server does what it must do as well as before",
    load: async () => (await import("./eval/command.ts")).evalCommand,
  },
  "release-notes": {
    summary: "What is not as it was, from what is written down",
    load: async () => (await import("./release/command.ts")).releaseNotes,
  },
  bundle: {
    summary: "Pack the server for hosts that install with a click, and for the MCP registry",
    load: async () => (await import("./bundle/command.ts")).bundle,
  },
};

const width = Math.max(...Object.keys(commands).map((name) => name.length));
const help = `Keeps a project made from an Offshoot template up to date.

Usage: offshoot <command> [options]

Commands:
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  .join("")}
Examples:
  offshoot update --dry-run   what upstream's latest release would change here
  offshoot contract --check   whether the built server is what contract.lock.json says
  offshoot check              all there is to know before a release

\`offshoot <command> --help\` says more. Exit codes: 0 clean, 1 something was found, 2 it could not be done.
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
