/** Who a block is for and how much it matters, as the specification's `annotations`. */
export interface ContentAnnotations {
  audience?: ("user" | "assistant")[] | undefined;
  priority?: number | undefined;
  lastModified?: string | undefined;
}

/** A block of a tool result or a prompt message, in the specification's shape. */
export type ContentBlock =
  | { type: "text"; text: string; annotations?: ContentAnnotations | undefined }
  | { type: "image"; data: string; mimeType: string; annotations?: ContentAnnotations | undefined }
  | { type: "audio"; data: string; mimeType: string; annotations?: ContentAnnotations | undefined }
  | {
      type: "resource_link";
      uri: string;
      name: string;
      title?: string | undefined;
      description?: string | undefined;
      mimeType?: string | undefined;
    }
  | { type: "resource"; resource: ResourceContents; annotations?: ContentAnnotations | undefined };

/** What reading a resource gives: text, or bytes as base64 in `blob`. */
export type ResourceContents =
  | { uri: string; mimeType?: string | undefined; text: string; _meta?: Record<string, unknown> | undefined }
  | { uri: string; mimeType?: string | undefined; blob: string; _meta?: Record<string, unknown> | undefined };

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/** An image block from raw bytes. */
export const image = (bytes: Uint8Array, mimeType: string): ContentBlock => ({
  type: "image",
  data: base64(bytes),
  mimeType,
});

/** An audio block from raw bytes. */
export const audio = (bytes: Uint8Array, mimeType: string): ContentBlock => ({
  type: "audio",
  data: base64(bytes),
  mimeType,
});

/** A block that points at a resource the client may read. */
export const resourceLink = (
  uri: string,
  name: string,
  more: { title?: string | undefined; description?: string | undefined; mimeType?: string | undefined } = {},
): ContentBlock => ({
  type: "resource_link",
  uri,
  name,
  ...more,
});

/** A block that carries a resource whole. */
export const embeddedResource = (resource: ResourceContents): ContentBlock => ({ type: "resource", resource });

const withContentBrand = Symbol.for("offshoot.WithContent");

/** A tool's data together with blocks that are not data. */
export interface WithContent<Data> {
  readonly [withContentBrand]: true;
  readonly data: Data;
  readonly content: readonly ContentBlock[];
}

/**
 * Sends blocks beside the structured data of a tool, never instead of it.
 *
 * @example return withContent({ width, height }, image(bytes, "image/png"));
 */
export function withContent<Data>(data: Data, ...content: ContentBlock[]): WithContent<Data> {
  return { [withContentBrand]: true, data, content };
}

/** Whether a handler's return value came from {@link withContent}. */
export function isWithContent(value: unknown): value is WithContent<unknown> {
  return typeof value === "object" && value !== null && withContentBrand in value;
}

/** Bytes as the base64 text that the wire wants. */
export { base64 };
