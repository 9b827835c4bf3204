import { delimiter } from "node:path";
import { z } from "zod";
import { kebab, twin } from "./flags.ts";

/** What a server says of its command line. */
export interface HelpOptions {
  /** The command, as people type it: `offshoot-notes`. */
  name: string;
  version: string;
  /** One line for `--help`. */
  description: string;
  /** Prefix of the environment twins: `NOTES` makes `NOTES_PORT`. */
  envPrefix: string;
  /**
   * The setting that takes the arguments without a flag, a `z.array` of strings, and what `--help` calls one of them.
   * It has no flag; its environment twin holds several with the system's path delimiter between them.
   *
   * @default such arguments are refused
   */
  positionals?: { key: string; name: string } | undefined;
  /** Command lines for `--help`, each with what it does. */
  examples?: readonly (readonly [command: string, what: string])[] | undefined;
}

/** What `--help` prints: every setting with its default, the environment, examples. */
export function helpText(
  shape: Record<string, z.ZodType>,
  { name, version, description, envPrefix, positionals, examples = [] }: HelpOptions,
  isSwitch: (key: string) => boolean,
): string {
  const rows = Object.entries(shape).map(([key, schema]) => {
    if (key === positionals?.key) return [`  <${positionals.name}>…`, schema.description ?? ""] as const;
    const json = jsonOf(schema);
    const choices = (json.enum as string[] | undefined)?.join("|");
    const left = `  --${kebab(key)}${isSwitch(key) ? "" : ` <${choices ?? (json.type === "number" || json.type === "integer" ? "number" : "text")}>`}`;
    const shown = Array.isArray(json.default) ? json.default.join(",") : json.default;
    const standard = shown === undefined || shown === "" || shown === false ? "" : ` (default: ${String(shown)})`;
    return [left, `${schema.description ?? ""}${standard}`] as const;
  });
  rows.push(
    ["  --print-config", "Show every setting and where its value comes from, as JSON, and exit"],
    ["  --help, -h", "Show this and exit"],
    ["  --version", "Show the version and exit"],
  );
  const width = Math.min(44, Math.max(...rows.map(([left]) => left.length))) + 2;
  const table = rows.map(
    ([left, right]) => (left.length < width ? left.padEnd(width) : `${left}\n${" ".repeat(width)}`) + right,
  );
  const shownExamples = examples.map(([command, what]) => `  ${command}\n      ${what}`);
  return `${name} ${version}: ${description}

Usage: ${name} [flags]${positionals === undefined ? "" : ` <${positionals.name}>…`}

${table.join("\n")}

Each flag has a twin in the environment: --log-level is ${envPrefix}_LOG_LEVEL. A flag wins over its twin, and both
over --config, whose settings have their names in code: {"logLevel": "warn"}.
${positionals === undefined ? "" : `So has <${positionals.name}>…: ${twin(envPrefix, positionals.key)}, with "${delimiter}" between several.\n`}${shownExamples.length === 0 ? "" : `\nExamples:\n${shownExamples.join("\n")}\n`}`;
}

function jsonOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
}
