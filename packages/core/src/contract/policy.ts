/**
 * Who may do what, as data: the JSON of a policy file. The first rule that matches a caller and what it asks for
 * decides; where none matches, `default` does.
 */
export interface Policy {
  /** For editors: `./node_modules/@offshoot/core/policy.schema.json`. */
  $schema?: string | undefined;
  /** What it is for, for people. */
  description?: string | undefined;
  /** Decides where no rule matches. */
  default: "allow" | "deny";
  rules: readonly PolicyRule[];
  /**
   * The folders that each caller may work in, by its id (`local` on stdio, `anonymous` over HTTP where nobody
   * authenticates). A caller that is not named gets none.
   *
   * @default every caller has all that the server was started with
   */
  roots?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** One line of a {@link Policy}: who, what, and what follows. */
export interface PolicyRule {
  /** Unique in its policy. Errors, the audit and the decision table name it. */
  name: string;
  who: PolicyWho;
  what: "everything" | PolicyWhat;
  decision: "allow" | "deny";
  /** Scopes that the call needs beside those that the tool itself names. A caller without gets HTTP 403 and can ask for more. */
  scopes?: readonly string[] | undefined;
  /** Calls per second of one caller under this rule, in the long run; as many may come at once. @default no limit of its own */
  callsPerSecond?: number | undefined;
  /** Calls of one caller that may run at the same time under this rule. @default no limit of its own */
  atOnce?: number | undefined;
  /**
   * What the audit file keeps of each call, before it runs. Needs `--audit`.
   *
   * @default `none`
   */
  audit?: "none" | "calls" | "calls+inputs digest" | undefined;
  /** Whether a person is asked before each call. A client that cannot ask is refused. @default `false` */
  confirm?: boolean | undefined;
}

/**
 * - `everyone`
 * - `local`: the user who started the server, on stdio
 * - `anonymous`: over HTTP, where nobody authenticates
 * - `authenticated`: every caller that was recognised
 * - an object: recognised callers with one of these ids, who hold all of these scopes
 */
export type PolicyWho =
  | "everyone"
  | "local"
  | "anonymous"
  | "authenticated"
  | { callers?: readonly string[] | undefined; scopes?: readonly string[] | undefined };

/**
 * Names, in which `*` stands for any text. Tools and prompts go by their name, resources by name or URI template. With a
 * condition on tools and no `tools`, all tools are meant.
 */
export interface PolicyWhat {
  tools?: readonly string[] | undefined;
  resources?: readonly string[] | undefined;
  prompts?: readonly string[] | undefined;
  /** Only tools that say they change nothing (`true`), or only the others. */
  readOnly?: boolean | undefined;
  /** Only tools that may destroy something (`true`: also those that do not say), or only the others. */
  destructive?: boolean | undefined;
  /** Only what names scopes of its own (`true`), or only what names none. Counts for resources and prompts, too. */
  scoped?: boolean | undefined;
}
