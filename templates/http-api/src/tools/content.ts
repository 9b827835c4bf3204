import { audio, type ContentBlock, image, withContent } from "@offshoot/core";
import type { Api, Sent } from "../api.ts";
import type { ApiReply } from "../domain/operation.ts";
import type { CallersFiles } from "../kept-files.ts";

/** What tools answer, as far as their view shows it. */
export interface ToolResult {
  status?: number | undefined;
  headers?: Record<string, string> | undefined;
  data?: unknown;
  cut?: Record<string, unknown> | undefined;
  warning?: string | undefined;
  stale?: boolean | undefined;
  age_seconds?: number | undefined;
  next_cursor?: string | undefined;
  /** The request as it would be sent, for a dry run. */
  request?: Awaited<ReturnType<Api["preview"]>> | undefined;
}

/** Under this key of a tool's `_meta`, its view finds which of the inputs are ours. */
export const VIEW_META = "offshoot/view";
export interface ViewMeta {
  /** Takes `next_cursor`. */
  next_page?: string | undefined;
  /** False sends what was shown. */
  dry_run?: string | undefined;
  /** Takes the key by which the API knows a request that it has had already. */
  key?: string | undefined;
}

/** Headers of an answer that say where something is, how much there is, or when to come back. */
const SHOWN_HEADERS = ["location", "link", "retry-after", "x-total-count"] as const;

/** What every tool says of an answer. Bytes are no data. */
export function resultOf({ reply: { status, headers, body }, stale, ageMs }: Sent): ToolResult & { status: number } {
  // No spreads: they are what an answer would spend most on.
  const result: ToolResult & { status: number } = { status };
  for (const name of SHOWN_HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    result.headers ??= {};
    result.headers[name] = value;
  }
  if (stale) Object.assign(result, { stale, age_seconds: Math.round(ageMs / 1_000) });
  if (body !== undefined && !(body instanceof Uint8Array)) result.data = body;
  return result;
}

/** Puts the part of an answer that is not data beside the result, as blocks that a model can look at. */
export function withBytes<Result extends object>(
  result: Result,
  { body, contentType = "application/octet-stream" }: ApiReply,
  files: CallersFiles,
) {
  return body instanceof Uint8Array
    ? withContent(result, blockOf(body, contentType.split(";")[0] ?? "", files))
    : result;
}

function blockOf(bytes: Uint8Array, type: string, files: CallersFiles): ContentBlock {
  if (type.startsWith("image/")) return image(bytes, type);
  if (type.startsWith("audio/")) return audio(bytes, type);
  return files.keep(bytes, type);
}
