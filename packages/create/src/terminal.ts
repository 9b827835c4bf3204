/** What both bins share in a terminal: a command as data, its help, `--json`, and exit codes. */
import { type ParseArgsConfig, parseArgs, stripVTControlCharacters } from "node:util";
import { runnable } from "./runnable.ts";

type ParseOptions = NonNullable<ParseArgsConfig["options"]>;

/** An option as `util.parseArgs` takes it, and as the help shows it. */
export interface Option {
  type: "string" | "boolean";
  short?: string;
  /** What stands for the value in the help: `name` for `--template <name>`. */
  value?: string;
  description: string;
}

/** What a command has to say: `data` for `--json`, `text` for people. */
export interface Answer {
  data: object;
  text: string;
  /** Whether the text is data, such as a patch, in which no command is written out. */
  raw?: boolean;
  /** 0 unless given; 1 for a "no" that a script asks for: conflicts, behind, broken. */
  exitCode?: 0 | 1;
}

/** A command as data. */
export interface Command<O extends Record<string, Option>> {
  /** Without the name of the bin: `update [--to <version>]`. */
  usage: string;
  summary: string;
  options: O;
  examples: readonly (readonly [line: string, what: string])[];
  /** Stands below the examples in the help. */
  more?: string;
  run(input: Input<O>): Promise<Answer>;
}

/** The words and options a command was called with. */
interface Input<O> {
  words: string[];
  options: { [K in keyof O]?: O[K] extends { type: "boolean" } ? boolean : string };
  /** Whether the answer is for a program: then ask nothing, and show no progress. */
  json: boolean;
}

/** Something that cannot be done as asked. Exit code 2, and the next step for the user. */
export class Refusal extends Error {
  readonly next: string;

  constructor(message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Refusal";
    this.next = next;
  }
}

/** Returns its argument; gives `run` the types of the options. */
export const defineCommand = <const O extends Record<string, Option>>(command: Command<O>): Command<O> => command;

/**
 * Runs a command with the words of a command line and sets the exit code: 0 done, 1 the answer is no, 2 it could not be done.
 * Only the answer goes to stdout.
 */
export async function runCommand<O extends Record<string, Option>>(
  bin: string,
  command: Command<O>,
  argv: string[],
): Promise<void> {
  const json = argv.includes("--json");
  try {
    const { positionals: words, values } = parse(bin, command.options, argv);
    if (values.help) {
      process.stdout.write(runnable(helpOf(bin, command)));
      return;
    }
    const answer = await command.run({ words, options: values as Input<O>["options"], json });
    const { data, text, raw = false } = answer;
    process.stdout.write(`${json ? JSON.stringify(data, withCommands, 2) : raw ? text : visible(runnable(text))}\n`);
    process.exitCode = answer.exitCode ?? 0;
  } catch (error) {
    process.exitCode = 2;
    const { message, next } = describeError(error);
    if (json) process.stdout.write(`${JSON.stringify({ error: message, next }, withCommands, 2)}\n`);
    else process.stderr.write(visible(runnable(`${bin}: ${message}\n${next ? `Next: ${next}\n` : ""}`)));
  }
}

/**
 * A text without what a terminal obeys instead of showing it: a name, a script or a message of a release or a clone could hide a
 * line that warns of it, or reorder one.
 */
const visible = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll("\r\n", "\n")
    .replaceAll(/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);

/** A program that shows what to do next shows a command that runs. */
const withCommands = (key: string, value: unknown): unknown =>
  key === "next" && typeof value === "string" ? runnable(value) : value;

function parse(bin: string, options: Record<string, Option>, args: string[]) {
  const all: ParseOptions = { help: { type: "boolean", short: "h" }, json: { type: "boolean" } };
  for (const [name, { type, short }] of Object.entries(options)) all[name] = short ? { type, short } : { type };
  const next = `\`${bin} --help\` names every option.`;
  let parsed: ReturnType<typeof parseArgs<{ options: ParseOptions; allowPositionals: true; allowNegative: true }>>;
  try {
    parsed = parseArgs({ args, options: all, allowPositionals: true, allowNegative: true });
  } catch (error) {
    throw new Refusal((error as Error).message, next, { cause: error });
  }
  // Usually a variable of a script that is not set; as a path it would be this folder.
  const [empty] = Object.entries(parsed.values).find(([, value]) => value === "") ?? [];
  if (empty !== undefined) throw new Refusal(`--${empty} is empty.`, next);
  return parsed;
}

/**
 * An unplanned error is shown whole: there is nothing secret in a command line tool, and the user may have to report it. What the
 * system refuses is no such error.
 */
function describeError(error: unknown): { message: string; next?: string } {
  if (error instanceof Refusal) return { message: error.message, next: error.next };
  if (error instanceof Error && "syscall" in error)
    return { message: `${error.message}.`, next: "check that the path exists and that you may write there." };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The help of one command. */
function helpOf(bin: string, { usage, summary, options, examples, more }: Command<Record<string, Option>>): string {
  const shared: Record<string, Option> = {
    json: { type: "boolean", description: "Answer in JSON, and ask no questions" },
    help: { type: "boolean", short: "h", description: "Show this help" },
  };
  const flags = Object.entries({ ...options, ...shared }).map(
    ([name, { short, value, description }]) =>
      [`${short ? `-${short}, ` : ""}--${name}${value ? ` <${value}>` : ""}`, description] as const,
  );
  const table = (rows: readonly (readonly [string, string])[]) => {
    const width = Math.max(...rows.map(([left]) => left.length));
    return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
  };
  return `${summary}\n\nUsage: ${bin} ${usage}\n\nOptions:\n${table(flags)}\nExamples:\n${table(examples)}${more ? `\n${more}` : ""}`;
}
