import type { z } from "zod";
import { DefinitionError } from "./errors.ts";
import { checkFunction } from "./names/names.ts";
import type { ObjectJsonSchema } from "./schemas/json-schema.ts";
import { isPlainSchema } from "./schemas/plain-schema.ts";
import { toJsonSchema } from "./schemas/schema.ts";

/** The key of a call's `_meta` by which a client says which version of the tool it speaks: `"1"`. */
export const VERSION = "offshoot/version";
/** In a listed tool's `_meta`: which versions there are. In the `_meta` of tools/list: which to show, by tool. */
export const VERSIONS = "offshoot/versions";

/**
 * An earlier version of a tool's input and output, which clients that were written for it still speak. Its schemas and
 * the two functions are all there is of it: the handler knows only today's.
 */
export interface ToolVersionOptions<
  Input extends z.ZodType,
  Output extends z.ZodType,
  CurrentInput extends z.ZodType,
  CurrentOutput extends z.ZodType,
> {
  /** What clients pin: `"1"`. Letters, digits, ".", "_" and "-". */
  version: string;
  /** The input as it was then. */
  inputSchema: Input;
  /** The output as it was then. */
  outputSchema: Output;
  /**
   * An input of then, as the handler takes it now. Pure. A `ToolError` (see `fail`) says what can no longer be done;
   * anything else it throws, and what `inputSchema` refuses of its result, is a bug and masked.
   */
  toCurrent: (input: z.output<Input>) => z.input<CurrentInput>;
  /** An output of now, as it was then. Pure; the same holds for what it throws. */
  fromCurrent: (output: z.output<CurrentOutput>) => z.input<Output>;
  /** Text for models, as it was then. @default the data as JSON */
  toText?: ((data: z.output<Output>) => string) | undefined;
  /** The day on which it ends, `2027-06-01`: announced to clients, in the log and by `offshoot check`. It ends nothing. */
  sunset?: string | undefined;
}

/** An earlier version as data, with its JSON Schemas already made. */
export interface ToolVersion {
  readonly version: string;
  readonly inputSchema: z.ZodType;
  readonly outputSchema: z.ZodType;
  readonly json: { readonly input: ObjectJsonSchema; readonly output: ObjectJsonSchema };
  readonly plainOutput: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists; defineTool has checked the pairs
  readonly toCurrent: (input: any) => unknown;
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists
  readonly fromCurrent: (output: any) => unknown;
  // biome-ignore lint/suspicious/noExplicitAny: the erased form held in lists
  readonly toText?: ((data: any) => string) | undefined;
  readonly sunset?: string | undefined;
}

/** What `defineTool` takes of versions, erased. */
export type GivenVersion = Omit<ToolVersion, "json" | "plainOutput">;

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/;

/**
 * The earlier versions of a tool by name, and the name of the one that it is now.
 *
 * @throws DefinitionError for names that are no names or stand twice, dates that are none, and schemas as for any tool
 */
export function makeVersions(
  where: string,
  current: string | undefined,
  given: readonly (GivenVersion | undefined)[],
): { version: string; earlier?: ReadonlyMap<string, ToolVersion> } {
  if (!Array.isArray(given)) throw new DefinitionError(`${where}: versions must be a list.`);
  const version = current ?? nextAfter(where, given as GivenVersion[]);
  checkVersionName(where, version);
  const earlier = new Map<string, ToolVersion>();
  for (const one of given as GivenVersion[]) {
    checkVersionName(where, one?.version);
    const name = `${where} version ${one.version}`;
    if (earlier.has(one.version)) throw new DefinitionError(`${where}: two versions are named "${one.version}".`);
    if (one.version === version)
      throw new DefinitionError(`${where}: version "${version}" is the current one and an earlier one. Rename one.`);
    checkFunction(name, "toCurrent", one.toCurrent);
    checkFunction(name, "fromCurrent", one.fromCurrent);
    if (one.sunset !== undefined && !isDay(one.sunset))
      throw new DefinitionError(
        `${name}: sunset must be a day, such as "2027-06-01", got ${JSON.stringify(one.sunset)}.`,
      );
    earlier.set(one.version, {
      ...one,
      json: {
        input: toJsonSchema(one.inputSchema, "input", `${name} inputSchema`),
        output: toJsonSchema(one.outputSchema, "output", `${name} outputSchema`),
      },
      plainOutput: isPlainSchema(one.outputSchema),
    });
  }
  return given.length === 0 ? { version } : { version, earlier };
}

/** Where versions are counted, the current one is the next. */
function nextAfter(where: string, given: readonly GivenVersion[]): string {
  if (given.length === 0)
    throw new DefinitionError(
      `${where}: versions is an empty list. Leave it out, or say how the current one is called: version: "1".`,
    );
  const numbers = given.map((one) => (/^\d{1,9}$/.test(one?.version) ? Number(one.version) : Number.NaN));
  const last = Math.max(...numbers);
  if (Number.isNaN(last))
    throw new DefinitionError(
      `${where} has earlier versions that are not whole numbers. Say how the current one is called: version: "…".`,
    );
  return String(last + 1);
}

function checkVersionName(where: string, version: unknown): void {
  if (typeof version === "string" && NAME.test(version)) return;
  throw new DefinitionError(
    `${where}: a version must be a text of 1 to 32 letters, digits, ".", "_" and "-", such as "1"; got ${JSON.stringify(version)}.`,
  );
}

const isDay = (text: unknown): boolean =>
  typeof text === "string" &&
  /^\d{4}-\d\d-\d\d$/.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().startsWith(text);
