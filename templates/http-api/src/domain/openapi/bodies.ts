import type { Encoding, Parameter } from "../operation.ts";
import type { Document } from "./document/document.ts";
import { inside, objectAt, type Pointer } from "./document/pointer.ts";

type Json = Record<string, unknown>;

/** A body in one media type, its schema as it stands in the document. */
export interface MediaType {
  schema: unknown;
  encoding: Record<string, Encoding> | undefined;
}

/**
 * The bodies that an operation takes, by media type.
 *
 * @throws FlawError for one that cannot be read
 */
export function bodiesOf(
  document: Document,
  node: Json,
  pointer: Pointer,
): { required: boolean; types: Record<string, MediaType> } | undefined {
  if (node.requestBody === undefined || node.requestBody === null) return undefined;
  const at = inside(pointer, "requestBody");
  const { content, required } = objectAt(document, node.requestBody, at);
  const types = Object.entries(content === undefined ? {} : objectAt(document, content, inside(at, "content")));
  return {
    required: required === true,
    types: Object.fromEntries(
      types.map(([type, found]) => {
        const media = found === null ? {} : objectAt(document, found, inside(at, "content", type));
        return [type, { schema: media.schema ?? arrayOf(media.itemSchema), encoding: encodingsOf(media.encoding) }];
      }),
    ),
  };
}

/** OpenAPI 3.2 describes the items of a stream; as a body they are a list. */
const arrayOf = (items: unknown): unknown => (items === undefined ? undefined : { type: "array", items });

function encodingsOf(encoding: unknown): MediaType["encoding"] {
  if (typeof encoding !== "object" || encoding === null) return undefined;
  return Object.fromEntries(
    Object.entries(encoding as Record<string, Json | null>).map(([name, found]) => {
      const { contentType, style, explode } = found ?? {};
      // Either of the two means that the field is written as a parameter would be.
      const named = typeof style === "string" ? style : typeof explode === "boolean" ? "form" : undefined;
      return [
        name,
        {
          contentType: typeof contentType === "string" ? contentType : undefined,
          style: named as Parameter["style"] | undefined,
          explode: typeof explode === "boolean" ? explode : named === "form",
        },
      ];
    }),
  );
}
