import { audio, type ContentBlock, image, withContent } from "@offshoot/core";
import type { Sent } from "../api.ts";
import type { ApiReply } from "../domain/operation.ts";

/** What every tool says of an answer. Bytes are no data. */
export const resultOf = ({ reply: { status, body }, stale, ageMs }: Sent) => ({
  status,
  ...(body === undefined || body instanceof Uint8Array ? {} : { data: body }),
  ...(stale ? { stale, age_seconds: Math.round(ageMs / 1_000) } : {}),
});

/** Puts the part of an answer that is not data beside the result, as blocks that a model can look at. */
export function withBytes<Result extends Record<string, unknown>>(
  result: Result,
  { body, contentType = "application/octet-stream" }: ApiReply,
) {
  return body instanceof Uint8Array ? withContent(result, blockOf(body, contentType.split(";")[0] ?? "")) : result;
}

function blockOf(bytes: Uint8Array, type: string): ContentBlock {
  if (type.startsWith("image/")) return image(bytes, type);
  if (type.startsWith("audio/")) return audio(bytes, type);
  return { type: "text", text: `${bytes.byteLength} bytes of ${type}, which are neither text nor shown here.` };
}
