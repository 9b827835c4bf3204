import type { z } from "zod";
import { type Candidate, type CandidateOptions, makeCandidate } from "./candidate.ts";
import type { WithContent } from "./content.ts";
import type { CallContext, ClientCapability } from "./context.ts";
import { DefinitionError } from "./errors.ts";
import { checkIdempotency, type Idempotency } from "./idempotency.ts";
import { checkIcons, checkMeta, type Icon, type Meta } from "./names/meta.ts";
import { checkFunction, checkName, checkText, checkTexts, checkTimeout } from "./names/names.ts";
import type { ObjectJsonSchema } from "./schemas/json-schema.ts";
import { isPlainSchema } from "./schemas/plain-schema.ts";
import { toJsonSchema } from "./schemas/schema.ts";
import { type GivenVersion, makeVersions, type ToolVersion, type ToolVersionOptions } from "./versions.ts";
import { checkUi, type View, withView } from "./view.ts";

/** Hints about what a tool does, as in the specification. Absent hints mean the worst case. */
export interface ToolAnnotations {
  /** Changes nothing. @default `false` */
  readOnlyHint?: boolean | undefined;
  /** May destroy something that was there. @default `true` for a tool that is not read-only */
  destructiveHint?: boolean | undefined;
  /** Calling again with the same input changes nothing more. @default `false` */
  idempotentHint?: boolean | undefined;
  /** Reaches things outside this server's own world. @default `true` */
  openWorldHint?: boolean | undefined;
}

/** Which lane's places a call takes: those of work that a client waits for, or the few of work that can wait. */
export type Lane = "foreground" | "background";

/** What {@link defineTool} takes. */
export interface ToolOptions<
  Input extends z.ZodType,
  Output extends z.ZodType,
  Reply extends ToolReply<z.input<Output>> = ToolReply<z.input<Output>>,
> {
  /** snake_case, 2 to 64 characters, unique in its server. */
  name: string;
  /** A few words for people. */
  title: string;
  /** What the model reads to decide. Say what comes back and when to use something else. */
  description: string;
  /** A z.object (or a union of them) whose every field is described. */
  inputSchema: Input;
  /** The shape of the data. Published open; what is sent is exactly what this schema lets through. */
  outputSchema: Output;
  annotations?: ToolAnnotations | undefined;
  /** For programs, as the specification's `_meta`; an extension says what it reads. No model sees it. */
  _meta?: Meta | undefined;
  /** What a client shows for its calls, from `defineView`; the text must mean something without it. @default none */
  view?: View | undefined;
  /**
   * The name of the tool that does the same, where this is another way to it, such as one for a view alone: a rule of a
   * policy that names that tool is about this one, too.
   *
   * @default none
   */
  sameAs?: string | undefined;
  icons?: Icon[] | undefined;
  /**
   * Which field of the input names a request, so that calling again after a lost answer changes nothing more: the same
   * key with the same input gives the same answer, with another input a `conflict`. Kept for each caller and tool.
   *
   * @default each call is a request of its own
   */
  idempotency?: Idempotency | undefined;
  /** Scopes a caller must hold, all of them, matched exactly. @default none */
  scopes?: readonly string[] | undefined;
  /**
   * What a client must be able to do, or the call is refused before it runs.
   *
   * @default none: `elicit` and its like answer `unavailable`, and the handler decides
   */
  requiredCapabilities?: readonly ClientCapability[] | undefined;
  /**
   * Time for one call, in ms, from when it is received: the queue, the handler, and what the handler asks of others.
   * The time a user takes to answer a question is not counted.
   *
   * @default the server's (60 000)
   */
  timeoutMs?: number | undefined;
  /**
   * `background` for work that can wait, such as a reindexing: it gets at most a fifth of the places, fewer under
   * strain, and is refused first.
   *
   * @default `foreground`
   */
  lane?: Lane | undefined;
  /**
   * What clients call the input and output that the tool has now, once there are versions of it. A name that was given
   * out is never used for another shape.
   *
   * @default the whole number after the last of `versions`; without those it has no name, and nobody can pin it
   */
  version?: string | undefined;
  /** Text for models, beside the structured data; an empty string sends no text block. @default the data as JSON */
  toText?: ((data: z.output<Output>) => string) | undefined;
  /**
   * Another handler, which takes over step by step while it is no worse, and is taken back by itself when it is. A tool
   * that changes data needs an idempotency key, or `idempotentHint`.
   *
   * @default none
   */
  candidate?: CandidateOptions<z.output<Input>, z.output<Output>, ToolReply<z.input<Output>>> | undefined;
  /**
   * Does the work: calls the domain and returns its result in the shape of `outputSchema`.
   * An expected failure is a `ToolError` (see `fail`); whatever else it throws is masked.
   */
  handler: (input: z.output<Input>, call: CallContext) => Reply | Promise<Reply>;
}

/** What a handler returns: data, or data with blocks beside it. */
export type ToolReply<Data> = Data | WithContent<Data>;

type KeyOf<Shape> = Shape extends unknown ? keyof Shape : never;
type DataOf<Reply> = Reply extends WithContent<infer Data> ? Data : Reply;
type Extra<Shape, Data> = Exclude<KeyOf<Data>, KeyOf<Shape>> & string;
type Missing<Shape, Data> = Exclude<KeyOf<Shape>, KeyOf<Data>> & string;

/**
 * What is wrong with a handler that leaves out an optional field of its schema and answers with one that is not in it:
 * TypeScript takes any object with enough fields from a function, and a misspelt field would be lost without a word.
 * A reply with all fields of the schema may have more of them; they are not sent.
 */
type KnownKeys<Shape, Reply> = [Extra<Shape, DataOf<Reply>>] extends [never]
  ? unknown
  : [Missing<Shape, DataOf<Reply>>] extends [never]
    ? unknown
    : {
        handler: `outputSchema has no field "${Extra<Shape, DataOf<Reply>>}"; is "${Missing<Shape, DataOf<Reply>>}" meant?`;
      };

/** A tool as data, with its JSON Schemas already made. */
export interface Tool extends Omit<ToolOptions<z.ZodType, z.ZodType>, "handler" | "toText" | "candidate"> {
  readonly kind: "tool";
  /** Another handler that is tried, where there is one. */
  readonly candidate?: Candidate | undefined;
  /** Earlier versions by name, where it has any. */
  readonly earlier?: ReadonlyMap<string, ToolVersion> | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists; defineTool has checked the pair
  readonly handler: (input: any, call: CallContext) => unknown;
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists
  readonly toText?: ((data: any) => string) | undefined;
  readonly json: { readonly input: ObjectJsonSchema; readonly output: ObjectJsonSchema };
  /** Whether all that `outputSchema` lets through is plain data. */
  readonly plainOutput: boolean;
}

/**
 * Describes a tool. Input and output types of the handler come from the schemas; write no generics.
 *
 * @throws DefinitionError naming the tool, for a bad name, hidden characters, or a schema no client could use
 */
export function defineTool<
  Input extends z.ZodType,
  Output extends z.ZodType,
  const Reply extends ToolReply<z.input<Output>>,
  In1 extends z.ZodType,
  Out1 extends z.ZodType,
  In2 extends z.ZodType,
  Out2 extends z.ZodType,
  In3 extends z.ZodType,
  Out3 extends z.ZodType,
  In4 extends z.ZodType,
  Out4 extends z.ZodType,
>(
  options: ToolOptions<Input, Output, Reply> &
    KnownKeys<z.input<Output>, Reply> & {
      /** Earlier versions that clients may still speak, four at most: more is more than anyone keeps working. */
      // A tuple, and not a list of any length: only here does TypeScript infer each one's own types.
      versions?:
        | readonly [
            ToolVersionOptions<In1, Out1, Input, Output>,
            ToolVersionOptions<In2, Out2, Input, Output>?,
            ToolVersionOptions<In3, Out3, Input, Output>?,
            ToolVersionOptions<In4, Out4, Input, Output>?,
          ]
        | undefined;
    },
): Tool {
  checkName("tool", options?.name);
  const where = `tool "${options.name}"`;
  checkMeta(where, options._meta);
  checkUi(where, options._meta);
  const _meta = options.view === undefined ? options._meta : withView(where, options._meta, options.view);
  checkIcons(where, options.icons);
  checkText(`The title of ${where}`, options.title, "title");
  checkText(`The description of ${where}`, options.description);
  checkTexts(`The annotations of ${where}`, options.annotations);
  for (const [name, hint] of Object.entries(options.annotations ?? {}))
    if (name.endsWith("Hint") && hint !== undefined && typeof hint !== "boolean")
      throw new DefinitionError(`${where}: the annotation ${name} must be true or false, got ${String(hint)}.`);
  checkFunction(where, "handler", options.handler);
  checkTimeout(where, options.timeoutMs);
  if (options.lane !== undefined && options.lane !== "foreground" && options.lane !== "background") {
    throw new DefinitionError(`${where}: lane must be "foreground" or "background", got ${String(options.lane)}.`);
  }
  if (options.annotations?.readOnlyHint && options.annotations.destructiveHint) {
    throw new DefinitionError(`${where} says that it is read-only and destructive. It cannot be both.`);
  }
  const json = {
    input: toJsonSchema(options.inputSchema, "input", `${where} inputSchema`),
    output: toJsonSchema(options.outputSchema, "output", `${where} outputSchema`),
  };
  if (options.idempotency !== undefined)
    checkIdempotency(where, options.idempotency, json.input, options.annotations?.readOnlyHint);
  const { versions, candidate, ...rest } = options as ToolOptions<z.ZodType, z.ZodType> & {
    versions?: readonly GivenVersion[];
  };
  return Object.freeze({
    ...rest,
    kind: "tool" as const,
    _meta,
    json,
    plainOutput: isPlainSchema(options.outputSchema),
    ...((versions ?? rest.version) === undefined ? {} : makeVersions(where, rest.version, versions ?? [])),
    ...(candidate === undefined ? {} : { candidate: makeCandidate(where, candidate, rest) }),
  });
}
