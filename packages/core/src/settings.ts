import { delimiter } from "node:path";
import { z } from "zod";
import { noteFacts, printable } from "./config/config-facts.ts";
import { readConfigFile } from "./config/config-file.ts";
import { checkConfigLock } from "./config/config-lock.ts";
import { DefinitionError } from "./contract/errors.ts";
import {
  alike,
  isBoolean,
  isList,
  isNumber,
  isRepeatable,
  kebab,
  nearest,
  parseFlags,
  SettingsError,
  twin,
} from "./flags.ts";
import { type HelpOptions, helpText } from "./help.ts";
import { ServeSettings } from "./serve-settings.ts";

/** What {@link loadConfig} needs to know of the server. */
export interface ConfigOptions extends HelpOptions {
  /** @default `process.argv.slice(2)` */
  argv?: readonly string[] | undefined;
  /** @default `process.env` */
  env?: Record<string, string | undefined> | undefined;
}

/**
 * Reads a server's settings from flags and, where a flag is absent, from the environment: `--log-level` and
 * `NOTES_LOG_LEVEL` are one setting, and `--config` names a file for what neither says. `--help`, `--version` and
 * `--print-config` print and exit 0; anything unknown or wrong, or other than `--config-lock` says, is one line on stderr
 * and exit code 2. What it gives is frozen.
 */
export function loadConfig<Own extends z.ZodObject>(own: Own, options: ConfigOptions): z.output<Own> & ServeSettings {
  try {
    return readConfig(own, options);
  } catch (error) {
    if (error instanceof Leave) process.stdout.write(error.text);
    else if (error instanceof SettingsError) process.stderr.write(`${options.name}: ${error.message}\n`);
    else throw error;
    process.exit(error instanceof Leave ? 0 : 2);
  }
}

/** `--help`, `--version` or `--print-config` was asked for. */
class Leave extends Error {
  readonly text: string;
  constructor(text: string) {
    super("leave");
    this.text = text;
  }
}

/** @throws DefinitionError for a setting that users would take for one of core's, and set the wrong one */
function checkNames(own: readonly string[]): void {
  for (const key of own) {
    const taken = Object.keys(ServeSettings.shape).find((name) => alike(key, name));
    if (taken !== undefined)
      throw new DefinitionError(
        `The setting --${kebab(key)} is too like --${kebab(taken)}, which every server has. Give it another name.`,
      );
  }
}

/** {@link loadConfig} without the process. @internal @throws SettingsError */
export function readConfig<Own extends z.ZodObject>(own: Own, options: ConfigOptions): z.output<Own> & ServeSettings {
  const { argv = process.argv.slice(2), env = process.env, envPrefix, name, positionals } = options;
  checkNames(Object.keys(own.shape));
  const shape: Record<string, z.ZodType> = { ...own.shape, ...ServeSettings.shape };
  const keys = Object.keys(shape);
  const called = (key: string): string => (key === positionals?.key ? `<${positionals.name}>` : `--${kebab(key)}`);
  const isSwitch = (key: string): boolean => isBoolean(shape[key]);
  const flags = new Map(keys.filter((key) => key !== positionals?.key).map((key) => [kebab(key), key]));
  const { given, words } = parseFlags(argv, flags, { isSwitch, isRepeatable: (key) => isRepeatable(shape[key]) }, name);
  if (positionals === undefined && words.length > 0)
    throw new SettingsError(`unexpected argument ${JSON.stringify(words[0])}. See ${name} --help.`);
  if (given.help !== undefined) throw new Leave(helpText(shape, options, isSwitch));
  if (given.version !== undefined) throw new Leave(`${options.version}\n`);

  const { values, source } = readFile(given.config ?? env[twin(envPrefix, "config")], shape, positionals?.key);
  const twins = new Map(keys.map((key) => [twin(envPrefix, key), key]));
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(`${envPrefix}_`) || value === undefined) continue;
    const key = twins.get(variable);
    if (key === undefined)
      throw new SettingsError(
        `unknown setting ${variable} in the environment.${nearest(variable, [...twins.keys()])} See ${name} --help.`,
      );
    values[key] = key === positionals?.key ? value.split(delimiter).filter((item) => item !== "") : value;
    source[key] = variable;
  }
  for (const [flag, value] of Object.entries(given)) {
    const key = flags.get(flag) as string;
    values[key] = value;
    source[key] = `--${flag}`;
  }
  if (positionals !== undefined && words.length > 0) {
    values[positionals.key] = words;
    source[positionals.key] = called(positionals.key);
  }
  for (const key of Object.keys(values)) {
    // Number("") is 0: a variable that is set to nothing would mean a setting's smallest value.
    if (String(values[key]).trim() === "" && isNumber(shape[key]))
      throw new SettingsError(`${source[key] ?? called(key)} is wrong: it is empty. See ${name} --help.`);
  }
  // Read once: compiling a parser for it, as zod does, would take longer than reading it without.
  const parsed = z.object(shape).safeParse(values, { jitless: true });
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue;
    const key = String(issue.path[0]);
    throw new SettingsError(`${source[key] ?? called(key)} is wrong: ${issue.message}. See ${name} --help.`);
  }
  const config = parsed.data as z.output<Own> & ServeSettings;
  const marked =
    (mark: string) =>
    (key: string): boolean =>
      shape[key]?.meta()?.[mark] === true;
  const isSecret = marked("secret");
  const facts = noteFacts(config, {
    from: source,
    perEnvironment: keys.filter((key) => isSecret(key) || marked("perEnvironment")(key)),
  });
  if (given["print-config"] !== undefined) throw new Leave(printable(options, facts, isSecret));
  if (config.configLock !== undefined) checkConfigLock(config.configLock, facts);
  return config;
}

/** What a file says of settings, in the form that flags have. */
function readFile(file: string | undefined, shape: Record<string, z.ZodType>, positionals: string | undefined) {
  const values: Record<string, unknown> = {};
  const source: Record<string, string> = {};
  const takesList = (key: string): boolean => key === positionals || isList(shape[key]);
  if (file !== undefined)
    for (const [key, value] of Object.entries(readConfigFile(file, Object.keys(shape), takesList, positionals))) {
      values[key] = key === positionals ? value : String(value);
      source[key] = file;
    }
  return { values, source };
}
