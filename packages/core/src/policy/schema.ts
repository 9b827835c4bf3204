import { z } from "zod";
import type { Policy } from "../contract/policy.ts";
import { parseJson } from "../control/parse-json.ts";
import { nearest, SettingsError } from "../flags.ts";

const Names = (what: string) =>
  z.array(z.string().min(1).max(512)).min(1).max(1_000).optional().describe(`${what}; * stands for any text`);
const Scopes = (what: string) =>
  z
    .array(
      z
        .string()
        .regex(
          /^[\x21\x23-\x29\x2b-\x5b\x5d-\x7e]+$/,
          "a scope has no blanks, quotes, backslashes or *: it is matched as it stands",
        ),
    )
    .max(100)
    .optional()
    .describe(what);

const Who = z
  .union(
    [
      z.enum(["everyone", "local", "anonymous", "authenticated"]),
      z.strictObject({
        callers: z.array(z.string().min(1).max(512)).min(1).optional().describe("Ids of callers, one of which it is"),
        scopes: Scopes("Scopes that the caller holds, all of them"),
      }),
    ],
    "is not someone: everyone, local, anonymous, authenticated, or { callers, scopes }",
  )
  .describe("Who it is about: local is the user on stdio, anonymous is HTTP where nobody authenticates");

const What = z
  .union(
    [
      z.literal("everything"),
      z.strictObject({
        tools: Names("Tools by name"),
        resources: Names("Resources by name or URI template"),
        prompts: Names("Prompts by name"),
        readOnly: z.boolean().optional().describe("Only tools that change nothing (true), or only the others"),
        destructive: z.boolean().optional().describe("Only tools that may destroy (true), or only the others"),
        scoped: z.boolean().optional().describe("Only what names scopes of its own (true), or only the others"),
      }),
    ],
    "is neither everything nor an object of tools, resources, prompts, readOnly, destructive and scoped",
  )
  .describe("What it is about");

const Rule = z.strictObject({
  name: z.string().min(1).max(100).describe("Names the rule in errors, in the audit and in the decision table"),
  who: Who,
  what: What,
  decision: z.enum(["allow", "deny"]).describe("What follows"),
  scopes: Scopes("Scopes that the call needs, beside those that the tool itself names"),
  callsPerSecond: z.number().positive().max(1_000_000).optional().describe("Calls per second of one caller"),
  atOnce: z.int().min(1).max(1_000_000).optional().describe("Calls of one caller that may run at the same time"),
  audit: z
    .enum(["none", "calls", "calls+inputs digest"])
    .optional()
    .describe("What the audit file keeps of each call (default: none)"),
  confirm: z.boolean().optional().describe("Ask a person before each call (default: false)"),
});

/** The form of a policy file. */
export const PolicySchema = z
  .strictObject({
    $schema: z.string().optional().describe("Where this schema is, for editors"),
    description: z.string().max(1_000).optional().describe("What the policy is for, for people"),
    default: z.enum(["allow", "deny"]).describe("Decides where no rule matches"),
    rules: z.array(Rule).max(1_000).describe("The first one that matches decides"),
    roots: z
      .record(z.string().min(1), z.array(z.string().min(1)))
      .optional()
      .describe("Folders that each caller may work in, by its id; a caller that is not named gets none"),
  })
  .describe("Who may do what on an MCP server made with Offshoot") satisfies z.ZodType<Policy>;

/** @throws SettingsError in one line: the rule by name, the place in the file, and what to do */
export function parsePolicy(text: string): Policy {
  const value = parseJson(text);
  const parsed = PolicySchema.safeParse(value, { jitless: true });
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0] as z.core.$ZodIssue);
  throw new SettingsError(`${placeOf(value, issue.path)}: ${reasonOf(issue)}`);
}

/** Of a union, the issue of the form that fits best: the one that has come furthest into the value. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().filter(({ path, code }) => path.length > 0 || code === "unrecognized_keys");
  const [found] = inner;
  return found === undefined ? issue : { ...deepest(found), path: [...issue.path, ...found.path] };
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "unrecognized_keys") return `${issue.message}.`;
  const [key = ""] = issue.keys;
  return `there is no "${key}" here.${nearest(key, KEYS)}`;
}

const KEYS = [
  ...Object.keys(PolicySchema.shape),
  ...Object.keys(Rule.shape),
  ...["callers", "tools", "resources", "prompts", "readOnly", "destructive", "scoped"],
];

/** `rules[2] "writers", who.callers[0]` */
export function placeOf(policy: unknown, [first, index, ...rest]: readonly PropertyKey[]): string {
  if (first !== "rules" || typeof index !== "number") return pathOf([first, index, ...rest]) || "the policy";
  const name = (policy as { rules?: { name?: unknown }[] }).rules?.[index]?.name;
  const rule = `rules[${index}]${typeof name === "string" ? ` ${JSON.stringify(name)}` : ""}`;
  return rest.length === 0 ? rule : `${rule}, ${pathOf(rest)}`;
}

const pathOf = (path: readonly (PropertyKey | undefined)[]): string =>
  path.reduce<string>((text, key) => {
    if (key === undefined) return text;
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
