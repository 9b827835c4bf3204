import type { Encoding, Parameter } from "../operation.ts";
import { bodyKind } from "../request/body-kind.ts";
import { isWritable } from "../request/in-charset.ts";
import type { Document } from "./document/document.ts";
import { type Flaw, FlawError, inside, objectAt, type Pointer } from "./document/pointer.ts";

type Json = Record<string, unknown>;

/** A body in one media type, its schema as it stands in the document. */
export interface MediaType {
  schema: unknown;
  encoding: Record<string, Encoding> | undefined;
}

/**
 * The bodies that an operation takes, by media type.
 *
 * @param flaws is told of those that cannot be written, where others can
 * @throws FlawError for one that cannot be read
 */
export function bodiesOf(
  document: Document,
  node: Json,
  pointer: Pointer,
  flaws: Flaw[] = [],
): { required: boolean; types: Record<string, MediaType> } | undefined {
  if (node.requestBody === undefined || node.requestBody === null) return undefined;
  const at = inside(pointer, "requestBody");
  const { content, required } = objectAt(document, node.requestBody, at);
  const all = Object.entries(content === undefined ? {} : objectAt(document, content, inside(at, "content")));
  const unwritable = all.filter(([type]) => isText(type) && !isWritable(type)).map(([type]) => type);
  const types = all.filter(([type]) => !unwritable.includes(type));
  for (const type of unwritable) {
    const flaw = new FlawError(inside(at, "content", type), "no text can be written in the charset that it names");
    if (types.length === 0) throw flaw;
    flaws.push({ ...flaw.flaw, reason: `${flaw.flaw.reason}: the body is not sent so` });
  }
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

const isText = (type: string): boolean => !["bytes", "multipart"].includes(bodyKind(type));

/** OpenAPI 3.2 describes the items of a stream; as a body they are a list. */
const arrayOf = (items: unknown): unknown => (items === undefined ? undefined : { type: "array", items });

export function encodingsOf(encoding: unknown): MediaType["encoding"] {
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
