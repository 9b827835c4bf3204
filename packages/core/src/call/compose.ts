import { type ContentBlock, isWithContent } from "../contract/content.ts";
import { ErrorCode, isProtocolError, isToolError, ProtocolError, ToolError } from "../contract/errors.ts";
import { describeIssues } from "../contract/schema.ts";
import type { Tool } from "../contract/tool.ts";
import type { Call } from "./call.ts";
import { parseWith } from "./normalize.ts";
import { stringifyData } from "./ready-json.ts";
import { Stopped, timedOut } from "./stopped.ts";
import type { Subject } from "./subject.ts";
import { andThen } from "./then.ts";

/** Largest result, in bytes of UTF-8 before it is framed: 4 MiB. Clients' own read buffers end at 10 MB. */
const MAX_RESULT_BYTES = 4_194_304;

/** A tool's result in the specification's shape. */
export interface ToolResult {
  content: ContentBlock[];
  structuredContent?: Record<string, unknown>;
  isError?: true;
  _meta?: Record<string, unknown>;
  [member: string]: unknown;
}

/** Stage 5, compose, for tools: the output parsed by its schema, in both channels, serialised inside the boundary. */
export function composeTool(tool: Tool, value: unknown): ToolResult | Promise<ToolResult> {
  const blocks = isWithContent(value) ? value.content : [];
  return andThen(parseWith(tool.outputSchema, isWithContent(value) ? value.data : value), (output) => {
    if (!output.success)
      throw new Error(`${tool.name} returned what its outputSchema refuses:\n${describeIssues(output.error)}`);
    const data = output.data as Record<string, unknown>;
    const told = tool.toText?.(data);
    // Serialised here, so that a BigInt or a cycle fails inside the boundary and not in a transport that cannot answer.
    const json = stringifyData(data, told);
    checkSize(json, tool.name);
    const text = told ?? json;
    checkSize(text, tool.name);
    return {
      content: text === "" ? [...blocks] : [{ type: "text", text }, ...blocks],
      structuredContent: data,
    };
  });
}

/** @throws ToolError when the text is over {@link MAX_RESULT_BYTES} */
export function checkSize(text: string, name: string): void {
  // UTF-8 takes at most three bytes per UTF-16 unit: most results need no counting.
  if (text.length * 3 <= MAX_RESULT_BYTES) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES) {
    throw new ToolError(
      `The result of ${name} has ${bytes} bytes, more than the ${MAX_RESULT_BYTES} that fit. Ask for less: a smaller page or range.`,
      {
        code: "result_too_large",
      },
    );
  }
}

/** What became of a call, for the record. */
export type Outcome =
  | "ok"
  | "input_required"
  | "tool_error"
  | "refused"
  | "cancelled"
  | "deadline_exceeded"
  | "internal_error";

/** An error, split into what the client may see and what the log keeps. */
export interface CallFailure {
  outcome: Outcome;
  /** Shown as written. */
  shown: ToolError | ProtocolError;
  /** Logged, never shown: the error that was masked. */
  hidden?: unknown;
}

/**
 * Stage 5 for errors: only a `ToolError` (or what the server's `expected` makes one) and core's own refusals are shown.
 */
export function mapError(
  error: unknown,
  call: Call,
  subject: Subject | undefined,
  expected: ((error: unknown) => string | undefined) | undefined,
): CallFailure {
  if (error instanceof Stopped || call.wire.signal.aborted) {
    if (error instanceof Stopped && error.why === "deadline") {
      return { outcome: "deadline_exceeded", shown: timedOut(call.name, subject?.timeoutMs ?? 0) };
    }
    return { outcome: "cancelled", shown: new ToolError("The call was cancelled.", { code: "cancelled" }) };
  }
  if (isProtocolError(error)) return { outcome: "refused", shown: error };
  if (isToolError(error))
    return { outcome: "tool_error", shown: error, ...(error.cause === undefined ? {} : { hidden: error.cause }) };
  const text = expectedText(error, expected);
  if (text !== undefined) return { outcome: "tool_error", shown: new ToolError(text, codeOf(error)) };
  return {
    outcome: "internal_error",
    shown: new ProtocolError(
      ErrorCode.internal,
      `${call.name === "" ? call.method : call.name} failed for a reason inside the server. Report the correlation id ${call.correlationId}; the server's log has the details.`,
      { correlationId: call.correlationId },
    ),
    hidden: error,
  };
}

function expectedText(
  error: unknown,
  expected: ((error: unknown) => string | undefined) | undefined,
): string | undefined {
  try {
    return expected?.(error);
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): { code?: string } => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? { code } : {};
};

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

/**
 * Where no model reads results (resources, prompts, lists), an expected failure is an invalid request with its text.
 */
export function toProtocolError(shown: ToolError): ProtocolError {
  const code = shown.code === undefined ? {} : { reason: shown.code };
  return new ProtocolError(ErrorCode.invalidParams, shown.message, { ...code, ...shown.data });
}
