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
import { secretsSetting } from "./secret-setting.ts";

const list = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  )
  .default([]);

const file = z.string().min(1).optional();

/** Where a server listens and keeps things: another in each environment, so that no digest covers it. */
const perEnvironment = { perEnvironment: true };

/** The settings every server has, beside its own. */
export const ServeSettings = z.object({
  transport: z.enum(["stdio", "http"]).default("stdio").describe("How clients connect"),
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address to bind with http, or the path of a unix socket")
    .meta(perEnvironment),
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3000)
    .describe("Port to bind with http; 0 picks a free one")
    .meta(perEnvironment),
  allowedHosts: list
    .describe("Host names, besides the local ones, that requests may carry; comma-separated")
    .meta(perEnvironment),
  allowedOrigins: list
    .describe("Origins of web pages that may call, such as https://app.example.com; comma-separated")
    .meta(perEnvironment),
  insecure: z.stringbool().default(false).describe("Bind a host that others can reach although nobody authenticates"),
  publicUrl: z
    .string()
    .optional()
    .describe("URL that clients use when it is another, such as https://mcp.example.com/mcp")
    .meta(perEnvironment),
  auth: z
    .enum(["oauth", "keys", "proxy"])
    .optional()
    .describe("How callers are known with http: access tokens, API keys, or a proxy that says who calls"),
  authIssuer: z.string().optional().describe("oauth: URL of the authorization server").meta(perEnvironment),
  authAudience: z
    .string()
    .optional()
    .describe("oauth: what tokens must be for (default: the URL that clients use)")
    .meta(perEnvironment),
  authMaxAge: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe("oauth: seconds after which a signing key that the issuer took away is refused"),
  authTyp: z
    .enum(["at+jwt", "jwt"])
    .default("at+jwt")
    .describe("oauth: typ of access tokens; jwt for issuers that write JWT there, or nothing"),
  authKeys: z
    .string()
    .min(1)
    .optional()
    .describe("keys: file that `npx create-offshoot keys` writes")
    .meta(perEnvironment),
  authHeader: z.string().optional().describe("proxy: header with the id of the caller"),
  authScopesHeader: z.string().optional().describe("proxy: header with the caller's scopes, blank-separated"),
  authProxies: list.describe("proxy: addresses and networks it comes from; comma-separated").meta(perEnvironment),
  authRevoked: z
    .string()
    .min(1)
    .optional()
    .describe("JSON file of callers, keys and tokens that are refused")
    .meta(perEnvironment),
  sessions: z
    .enum(["stateful", "stateless"])
    .default("stateful")
    .describe("With http, stateless asks no session of 2025 clients, and nothing of users"),
  instance: z
    .string()
    .regex(/^[a-z0-9]{1,20}$/, "1 to 20 small letters and digits")
    .optional()
    .describe("Name of this one of several instances: ids of sessions begin with it, for a load balancer")
    .meta(perEnvironment),
  stateSecret: secretsSetting(32)
    .optional()
    .describe("Where the secret is that all instances share: env:NAME or file:/path; old,new while it is exchanged")
    .meta({ secret: true, ...perEnvironment }),
  audit: file.describe("File that proves every change of how the server behaves; off without it").meta(perEnvironment),
  control: file.describe("JSON file by which an operator changes the running server").meta(perEnvironment),
  config: file.describe("JSON file of settings; a flag and the environment win over it").meta(perEnvironment),
  configLock: file.describe("Start only with the settings of this config.lock.json").meta(perEnvironment),
  metrics: z.stringbool().default(false).describe("Serve GET /metrics in Prometheus' format, with http"),
  ui: z.stringbool().default(false).describe("Show calls, load and alerts live at /ui, with http on this machine"),
  profile: z.string().optional().describe("Who may do what, by name: read-only, local, standard, strict"),
  policy: z.string().min(1).optional().describe("Who may do what, in a JSON file"),
  policyTable: z.stringbool().default(false).describe("Print who may do what under each policy, as JSON, and exit"),
  pinVersions: z
    .string()
    .transform((text) => text.split(",").map((item) => item.trim()))
    .optional()
    .describe("Earlier versions to serve to clients that name none, such as get_note@1; comma-separated"),
  logLevel: z
    .enum(["debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("How much is logged, on stderr"),
});
export type ServeSettings = z.output<typeof ServeSettings>;

/** Whether what is bound there can be reached from this machine alone. */
export const isLocalHost = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("/") || /^127\.\d+\.\d+\.\d+$/.test(host);

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
