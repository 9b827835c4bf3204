import { type ContentBlock, isWithContent } from "../contract/content.ts";
import { isToolError, type ProtocolError, ToolError } from "../contract/errors.ts";
import { describeIssues } from "../contract/schemas/schema.ts";
import type { Tool } from "../contract/tool.ts";
import { parseWith } from "./normalize.ts";
import { framedSize, plainBlock } from "./output/blocks.ts";
import { isLonger } from "./output/length.ts";
import { parsePlain, stringify, wellFormedJson } from "./output/plain.ts";
import { READY, type Ready, stringifyData } from "./output/ready-json.ts";
import { andThen } from "./then.ts";

/** Largest channel of a result, in bytes of UTF-8 before it is framed: 4 MiB. */
const MAX_RESULT_BYTES = 4_194_304;
/**
 * Largest text once it is framed, in bytes: a JSON text within JSON grows by its quotes. Both channels together stay
 * below 10 MB, where clients' own read buffers end.
 */
const MAX_FRAMED_BYTES = 5_700_000;

/** A tool's result in the specification's shape. */
export interface ToolResult {
  content: ContentBlock[];
  structuredContent?: Record<string, unknown> | undefined;
  isError?: true | undefined;
  _meta?: Record<string, unknown> | undefined;
  [READY]?: Ready;
  [member: string]: unknown;
}

/**
 * Stage 5, compose, for tools: the output parsed by its schema, in both channels, serialised and measured inside the
 * boundary: what JSON does not have fails here, and not in a transport that cannot answer.
 */
export function composeTool(
  tool: Tool,
  value: unknown,
  compose: (tool: Tool, value: unknown) => ToolResult | Promise<ToolResult> = composeValue,
): ToolResult | Promise<ToolResult> {
  if (tool.annotations?.readOnlyHint === true) return compose(tool, value);
  try {
    const composed = compose(tool, value);
    return composed instanceof Promise
      ? composed.catch((error) => Promise.reject(doneAllTheSame(tool, error)))
      : composed;
  } catch (error) {
    throw doneAllTheSame(tool, error);
  }
}

/**
 * What a tool that writes has done stays done when its result is too large to send. An error that says only that would
 * have the model do it a second time. What is no result at all is a bug, and masked like any.
 */
function doneAllTheSame({ name }: Tool, cause: unknown): unknown {
  if (!isToolError(cause)) return cause;
  return new ToolError(
    `${name} has done its work, and only its result cannot be sent: ${cause.message} Do not call it again for that: look at what is there now.`,
    { code: "done_without_result" },
  );
}

/** What a result is made by: the tool, or a version of it. */
type Shape = Pick<Tool, "name" | "outputSchema" | "plainOutput" | "toText">;

/** {@link composeTool} without a thought of what was done. */
export function composeValue(tool: Shape, value: unknown): ToolResult | Promise<ToolResult> {
  const beside = isWithContent(value) ? value.content : undefined;
  return andThen(parseWith(tool.outputSchema, isWithContent(value) ? value.data : value), (output) => {
    if (!output.success)
      throw new Error(`${tool.name} returned what its outputSchema refuses:\n${describeIssues(output.error)}`);
    const parsed = output.data as Record<string, unknown>;
    checkLength(parsed, tool.name, MAX_RESULT_BYTES);
    checkLength(beside, tool.name);
    // Where the schema lets anything through, what is sent is what was measured, whatever it does when read again.
    return compose(tool, tool.plainOutput ? parsed : plainData(parsed, tool.name), beside);
  });
}

function compose(tool: Shape, data: Record<string, unknown>, beside: readonly unknown[] | undefined): ToolResult {
  const told = tool.toText?.(data);
  if (told !== undefined && typeof told !== "string") throw new TypeError(`${tool.name}: toText gave no text`);
  checkLength(told, tool.name, MAX_RESULT_BYTES);
  const ready = stringifyData(data, told);
  const { json } = ready;
  checkSize(json, tool.name);
  if (wellFormedJson(json) !== json) return compose(tool, plainData(data, tool.name), beside);
  const text = told?.toWellFormed() ?? json;
  checkSize(text, tool.name);
  const content: ContentBlock[] = text === "" ? [] : [{ type: "text", text }];
  if (beside !== undefined) content.push(...beside.map(plainBlock));
  // A character of a text takes six bytes at most: a result without blocks is rarely measured again.
  if (beside !== undefined || text.length * 6 > MAX_FRAMED_BYTES) checkBlocks(content, tool.name);
  return { content, structuredContent: data, [READY]: ready };
}

function plainData(value: Record<string, unknown>, name: string): Record<string, unknown> {
  const json = stringify(value);
  checkSize(json, name);
  return parsePlain(json) as Record<string, unknown>;
}

/** @throws ToolError when a value is over a limit before it is written out */
export function checkLength(value: unknown, name: string, limit: number = MAX_FRAMED_BYTES): void {
  if (isLonger(value, limit)) throw tooLarge(name, undefined, limit);
}

/** @throws ToolError when blocks or contents are together over {@link MAX_FRAMED_BYTES} */
export function checkBlocks(blocks: readonly object[], name: string): void {
  const bytes = blocks.reduce((sum, block) => sum + framedSize(block), 0);
  if (bytes > MAX_FRAMED_BYTES) throw tooLarge(name, bytes, MAX_FRAMED_BYTES);
}

/** @throws ToolError when the text is over {@link MAX_RESULT_BYTES} */
export function checkSize(text: string, name: string): void {
  // UTF-8 takes at most three bytes per UTF-16 unit: most results need no counting.
  if (text.length * 3 <= MAX_RESULT_BYTES) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES) throw tooLarge(name, bytes, MAX_RESULT_BYTES);
}

const tooLarge = (name: string, bytes: number | undefined, limit: number): ToolError =>
  new ToolError(
    `The result of ${name} has ${bytes === undefined ? "" : `${bytes} bytes, `}more than the ${limit} bytes that fit. Ask for less: a smaller page or range.`,
    { code: "result_too_large" },
  );

/** A failure as a tool's result: the model reads it and can try something else. */
export function toolFailure(shown: ToolError | ProtocolError): ToolResult {
  const facts = isToolError(shown)
    ? {
        ...(shown.code === undefined ? {} : { code: shown.code }),
        ...(shown.retryAfterMs === undefined ? {} : { retryAfterMs: shown.retryAfterMs }),
        ...shown.data,
      }
    : (shown.data as Record<string, unknown>);
  return {
    content: [{ type: "text", text: shown.message }],
    isError: true,
    ...(Object.keys(facts).length === 0 ? {} : { _meta: { "offshoot/error": facts } }),
  };
}
