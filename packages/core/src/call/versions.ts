import type { z } from "zod";
import { isWithContent, withContent } from "../contract/content.ts";
import { ErrorCode, ProtocolError, ToolError } from "../contract/errors.ts";
import { quote } from "../contract/names/quote.ts";
import { describeIssues } from "../contract/schemas/schema.ts";
import type { Tool } from "../contract/tool.ts";
import { type ToolVersion, VERSION, VERSIONS } from "../contract/versions.ts";
import type { Call } from "./call.ts";
import { composeTool, composeValue, type ToolResult } from "./compose.ts";
import { parseInput } from "./input/parse-input.ts";
import { parseWith } from "./normalize.ts";
import type { Subject } from "./subject.ts";
import { andThen, isThenable } from "./then.ts";

/** The version served to clients that name none, by tool, where it is not the current one. @internal */
export type Pins = ReadonlyMap<string, string>;

type Input = Record<string, unknown>;

/** What {@link callVersion} needs of `tools/call`. */
export interface CurrentCall {
  /** A call of the tool as it is, or of an input that a schema has refused. */
  of(tool: Tool, input: z.ZodSafeParseResult<unknown>, taken: Input, call: Call): Subject;
  /** Answers as the first call with its key did; the key stands in `current`. */
  keyed(subject: Subject, tool: Tool, taken: Input, call: Call, current: Input): Subject;
}

/**
 * A call whose client says which version it speaks. Of an earlier one, the input is parsed as it was then and made one
 * of today, and what the handler returns is made one of then.
 *
 * Only what the version's own schema refuses is the client's mistake. What a shim throws counts as thrown by the
 * handler: a `ToolError` is for the model, the rest is masked; so is what it makes that today's schema refuses.
 */
export function callVersion(
  tool: Tool,
  pin: unknown,
  sent: Input,
  call: Call,
  { of, keyed }: CurrentCall,
): Subject | Promise<Subject> {
  let earlier: ToolVersion | undefined;
  try {
    earlier = findVersion(tool, pin);
  } catch (error) {
    return failing(of(tool, { success: true, data: sent }, sent, call), error);
  }
  // From here on the log has it, and a question or a key belongs to one version.
  call.version = pin as string;
  const { inputSchema, json } = earlier ?? tool;
  return parseInput(inputSchema, json.input, sent, call, (input, taken): Subject | Promise<Subject> => {
    if (!input.success) return of(tool, input, taken, call);
    if (earlier === undefined) return keyed(of(tool, input, taken, call), tool, taken, call, taken);
    let current: unknown;
    try {
      current = atOnce(tool, earlier, "toCurrent", input.data);
    } catch (error) {
      return failing(of(tool, input, taken, call), error);
    }
    return andThen(parseWith(tool.inputSchema, current), (parsed) => {
      if (!parsed.success) return failing(of(tool, input, taken, call), wrongShim(tool, earlier, parsed.error));
      const subject = { ...of(tool, parsed, taken, call), compose: composeWith(tool, earlier) };
      return keyed(subject, tool, taken, call, current as Input);
    });
  }) as Subject | Promise<Subject>;
}

/**
 * The earlier version that a pin names; `undefined` for the current one.
 *
 * @throws ToolError naming the versions there are
 */
export function findVersion(tool: Tool, pin: unknown): ToolVersion | undefined {
  if (typeof pin === "string") {
    if (pin === tool.version) return undefined;
    const found = tool.earlier?.get(pin);
    if (found !== undefined) return found;
  }
  const name = typeof pin === "string" ? quote(pin) : `that is no text (${typeof pin})`;
  const versions = versionsOf(tool);
  throw new ToolError(`${tool.name} has no version ${name}. Nothing was done. ${thereAre(versions)}`, {
    code: "unknown_version",
    data: { versions },
  });
}

/**
 * Which versions a list is to show, by tool: `{ "get_note": "1" }`.
 *
 * @param find a tool that the client may call
 * @throws ProtocolError -32602 for what is no such object, or names what is not there
 */
export function readPins(wanted: unknown, find: (name: string) => Tool | undefined): Pins {
  const wrong = (why: string): ProtocolError => new ProtocolError(ErrorCode.invalidParams, why);
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted))
    throw wrong(`${VERSIONS} must be an object with a version for each tool that is to be shown in another.`);
  const pins = Object.entries(wanted).map(([name, pin]): [string, string] => {
    const tool = find(name);
    if (tool === undefined)
      throw wrong(`${VERSIONS} names the tool ${quote(name)}, which is not there. Call tools/list without it.`);
    try {
      findVersion(tool, pin);
    } catch (error) {
      throw wrong((error as Error).message);
    }
    return [name, pin as string];
  });
  return new Map(pins);
}

/** The names of all versions, the current one first. */
export const versionsOf = ({ version, earlier }: Tool): string[] =>
  version === undefined ? [] : [version, ...(earlier?.keys() ?? [])];

function thereAre([current, ...earlier]: readonly string[]): string {
  if (current === undefined) return `It has no versions: leave ${VERSION} out.`;
  const also = earlier.length === 0 ? "" : `, and earlier ${earlier.map((name) => `"${name}"`).join(", ")}`;
  return `There is "${current}", which is also what a call without ${VERSION} gets${also}.`;
}

const failing = (subject: Subject, error: unknown): Subject => ({
  ...subject,
  run() {
    throw error;
  },
});

/** What a shim makes. A promise has no members, which some schemas take for an empty object. */
function atOnce({ name }: Tool, version: ToolVersion, shim: "toCurrent" | "fromCurrent", given: unknown): unknown {
  const made = version[shim](given);
  if (!isThenable(made)) return made;
  made.then(undefined, () => {});
  throw new Error(`${name}: ${shim} of version ${version.version} returned a promise. Shims are not async.`);
}

const wrongShim = ({ name }: Tool, { version }: ToolVersion, error: z.ZodError): Error =>
  new Error(`${name}: toCurrent of version ${version} made what inputSchema refuses:\n${describeIssues(error)}`);

/** The result in the shape of an earlier version: both channels; what stands beside the data stays as it is. */
const composeWith = (tool: Tool, version: ToolVersion) => (value: unknown) =>
  composeTool(tool, value, () =>
    whenParsed(tool, isWithContent(value) ? value.data : value, (current) => {
      const data = atOnce(tool, version, "fromCurrent", current);
      const reply = isWithContent(value) ? withContent(data, ...value.content) : data;
      const result = composeValue({ ...version, name: tool.name }, reply);
      if (version.sunset === undefined) return result;
      return result instanceof Promise
        ? result.then((composed) => withVersion(version, composed))
        : withVersion(version, result);
    }),
  );

/** Goes on with what a handler returned, as its own schema has it. */
function whenParsed(
  { name, outputSchema }: Tool,
  data: unknown,
  next: (current: unknown) => ToolResult | Promise<ToolResult>,
): ToolResult | Promise<ToolResult> {
  const go = (output: z.ZodSafeParseResult<unknown>): ToolResult | Promise<ToolResult> => {
    if (output.success) return next(output.data);
    throw new Error(`${name} returned what its outputSchema refuses:\n${describeIssues(output.error)}`);
  };
  const parsed = parseWith(outputSchema, data);
  return parsed instanceof Promise ? parsed.then(go) : go(parsed);
}

/** A client that pins hears from its answers that its version ends: it may never look at the list again. */
const withVersion = ({ version, sunset }: ToolVersion, result: ToolResult): ToolResult => ({
  ...result,
  _meta: { ...result._meta, [VERSION]: { version, sunset } },
});
