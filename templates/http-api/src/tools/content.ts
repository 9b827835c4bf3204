import { audio, type ContentBlock, image } from "@offshoot/core";
import type { ApiReply } from "../domain/operation.ts";

/** The part of an answer that is data: JSON or text. Bytes are none. */
export const dataOf = ({ body }: ApiReply): unknown => (body instanceof Uint8Array ? undefined : body);

/** The part of an answer that is not data, as blocks that a model can look at. */
export function blocksOf({ body, contentType = "application/octet-stream" }: ApiReply): ContentBlock[] {
  if (!(body instanceof Uint8Array)) return [];
  const type = contentType.split(";")[0] ?? contentType;
  if (type.startsWith("image/")) return [image(body, type)];
  if (type.startsWith("audio/")) return [audio(body, type)];
  return [{ type: "text", text: `${body.byteLength} bytes of ${type}, which are neither text nor shown here.` }];
}
