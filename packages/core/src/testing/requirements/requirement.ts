import type { Era } from "../../contract/context.ts";
import type { ServerDefinition } from "../../contract/server.ts";
import type { ClientBehaviour, TestClient, Wire } from "../client.ts";

/** Arguments of a tool call. */
export type Input = Record<string, unknown>;

/** What the suite needs to know to call one tool. */
export interface ToolSamples {
  /** Inputs that must succeed, called in this order. */
  valid: readonly Input[];
  /** Inputs that fit the schema and must fail with a `ToolError`: an id that is not there, a stale version. */
  failing?: readonly Input[] | undefined;
  /** Two equal calls may answer differently although nothing changed: a clock, a random id. @default `false` */
  varies?: boolean | undefined;
}

/**
 * What the suite cannot know of a server's domain. Tools are called in the order they stand here, on a server made
 * fresh for each requirement, so a later sample may build on an earlier one.
 */
export interface Samples {
  /** By tool name. */
  tools?: Readonly<Record<string, ToolSamples>> | undefined;
  resources?:
    | {
        /** URIs that can be read, beside those that the server lists. */
        read?: readonly string[] | undefined;
        /** URIs of this server's own kind behind which there is nothing: `note://n999`. */
        missing?: readonly string[] | undefined;
      }
    | undefined;
  /** By prompt name: arguments that must give messages. */
  prompts?: Readonly<Record<string, readonly Record<string, string>[]>> | undefined;
}

/** What a requirement is checked on. */
export interface Subject {
  readonly wire: Wire;
  readonly definition: ServerDefinition;
  readonly client: TestClient;
  readonly samples: Samples;
  /** See `listTokens` of `CheckOptions`. */
  readonly listTokens: number | undefined;
  /** See `recorded` of `CheckOptions`. */
  readonly recorded: URL | string | undefined;
  /** The server's state, where it has a probe for it. */
  readonly state: (() => unknown) | undefined;
  /** One more client of the same server, or of a definition made of it; closed after the check. */
  connect(behaviour?: ClientBehaviour, definition?: ServerDefinition): Promise<TestClient>;
  /** A client of another server, made as this one was; closed after the check. */
  fresh(): Promise<TestClient>;
}

/** One thing that a server must do, as data. */
export interface Requirement {
  /** Stable, in kebab-case: what `skip` names. */
  readonly id: string;
  /** What goes wrong for whom when it does not hold. */
  readonly because: string;
  /** Only clients of this era can tell. @default both */
  readonly era?: Era | undefined;
  /** Asked on these wires alone, where it is about handlers and not about wires. Default: all. */
  readonly wire?: Wire | readonly Wire[] | undefined;
  /**
   * Resolves when it holds.
   *
   * @throws NotExercised when this server gives nothing to check, else an Error that says what is wrong
   */
  check(subject: Subject): Promise<void>;
}

const notExercisedBrand = Symbol.for("offshoot.NotExercised");

/** Nothing here to check the requirement on. Reported as skipped with this reason, never as passed. */
export class NotExercised extends Error {
  readonly [notExercisedBrand] = true;
}

/** Whether a check ended with {@link notExercised}. */
export function isNotExercised(error: unknown): error is NotExercised {
  return typeof error === "object" && error !== null && notExercisedBrand in error;
}

/** Ends a check as skipped; usable as an expression. */
export function notExercised(reason: string): never {
  throw new NotExercised(reason);
}

/** Ends a check with all that is wrong; every culprit is named at once. */
export function report(problems: readonly (string | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length === 0) return;
  const shown = found.slice(0, 12);
  const rest = found.length - shown.length;
  throw new Error([...shown, ...(rest === 0 ? [] : [`… and ${rest} more`])].join("\n"));
}
