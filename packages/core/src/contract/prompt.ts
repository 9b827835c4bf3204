import type { z } from "zod";
import type { ContentBlock } from "./content.ts";
import type { CallContext } from "./context.ts";
import { DefinitionError } from "./errors.ts";
import { checkIcons, checkMeta, type Icon, type Meta } from "./names/meta.ts";
import { checkFunction, checkName, checkText, checkTimeout } from "./names/names.ts";
import { toJsonSchema } from "./schemas/schema.ts";

/** A message of a prompt; a string is a text block. */
export interface PromptMessage {
  role: "user" | "assistant";
  content: string | ContentBlock;
}

/** What {@link definePrompt} takes. */
export interface PromptOptions<Arguments extends z.ZodObject> {
  /** snake_case, 2 to 64 characters, unique among the server's prompts. */
  name: string;
  title: string;
  description: string;
  /** A flat z.object; every value arrives as a string, so each field must accept strings. @default none */
  arguments?: Arguments | undefined;
  /** For programs, as the specification's `_meta`; an extension says what it reads. No model sees it. */
  _meta?: Meta | undefined;
  icons?: Icon[] | undefined;
  /** Scopes a caller must hold, all of them, matched exactly. @default none */
  scopes?: readonly string[] | undefined;
  /** Time for one get, in ms. @default the server's (60 000) */
  timeoutMs?: number | undefined;
  /** Suggests values of an argument. Enums complete themselves. */
  complete?:
    | {
        [Name in keyof z.output<Arguments>]?: (typed: string, call: CallContext) => string[] | Promise<string[]>;
      }
    | undefined;
  /** Makes the messages; a string is one message of the user. */
  handler: (input: z.output<Arguments>, call: CallContext) => PromptReply | Promise<PromptReply>;
}

/** What a prompt's handler returns. */
export type PromptReply = string | PromptMessage[];

/** A prompt's argument as clients list it. */
export interface ListedArgument {
  name: string;
  description: string;
  required: boolean;
}

/** A prompt as data, its argument list already made. */
export interface Prompt extends Omit<PromptOptions<z.ZodObject>, "handler" | "complete" | "arguments"> {
  readonly kind: "prompt";
  readonly arguments: z.ZodObject | undefined;
  readonly listed: readonly ListedArgument[];
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists; definePrompt has checked the pair
  readonly handler: (input: any, call: CallContext) => PromptReply | Promise<PromptReply>;
  readonly complete: Record<string, (typed: string, call: CallContext) => string[] | Promise<string[]>>;
}

/**
 * Describes a prompt. The handler's input type comes from `arguments`.
 *
 * @throws DefinitionError naming the prompt
 */
// biome-ignore lint/complexity/noBannedTypes: a prompt without arguments has the empty shape
export function definePrompt<Arguments extends z.ZodObject = z.ZodObject<{}>>(
  options: PromptOptions<Arguments>,
): Prompt {
  checkName("prompt", options?.name);
  const where = `prompt "${options.name}"`;
  checkMeta(where, options._meta);
  checkIcons(where, options.icons);
  checkText(`The title of ${where}`, options.title, "title");
  checkText(`The description of ${where}`, options.description);
  checkFunction(where, "handler", options.handler);
  checkTimeout(where, options.timeoutMs);
  const { listed, enums } = readArguments(options.arguments, where);
  for (const name of Object.keys(options.complete ?? {})) {
    if (!listed.some((argument) => argument.name === name)) {
      throw new DefinitionError(`${where}: complete names "${name}", which is no argument.`);
    }
  }
  const fromEnums = Object.fromEntries(
    Object.entries(enums).map(([name, values]) => [
      name,
      (typed: string) => values.filter((value) => value.startsWith(typed)),
    ]),
  );
  return Object.freeze({
    ...options,
    kind: "prompt" as const,
    arguments: options.arguments,
    listed,
    complete: { ...fromEnums, ...(options.complete as Prompt["complete"] | undefined) },
  });
}

function readArguments(schema: z.ZodObject | undefined, where: string) {
  const listed: ListedArgument[] = [];
  const enums: Record<string, string[]> = {};
  if (schema === undefined) return { listed, enums };
  const json = toJsonSchema(schema, "input", `${where} arguments`);
  const required = (json.required ?? []) as string[];
  for (const [name, property] of Object.entries(
    (json.properties ?? {}) as Record<string, { [keyword: string]: unknown }>,
  )) {
    if (property.type !== "string") {
      throw new DefinitionError(
        `${where}: the argument "${name}" must accept a string; prompt arguments are strings on the wire.`,
      );
    }
    listed.push({ name, description: property.description as string, required: required.includes(name) });
    if (Array.isArray(property.enum)) enums[name] = property.enum as string[];
  }
  return { listed, enums };
}
