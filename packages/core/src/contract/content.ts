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

type Shape = (value: unknown) => boolean;
const isText: Shape = (value) => typeof value === "string";
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
const shaped =
  (shapes: Record<string, Shape>): Shape =>
  (value) =>
    isObject(value) && firstWrongMember(value, shapes) === undefined;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** The members that contents, blocks, links and entries of lists may have, wherever they stand. */
const OPTIONAL: Record<string, Shape> = {
  title: isText,
  description: isText,
  mimeType: isText,
  size: (value) => typeof value === "number",
  annotations: shaped({
    audience: listOf((value) => value === "user" || value === "assistant"),
    priority: (value) => typeof value === "number" && value >= 0 && value <= 1,
    lastModified: (value) => typeof value === "string" && DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)),
  }),
  icons: listOf((value) => isObject(value) && isText(value.src) && firstWrongMember(value, ICON) === undefined),
  _meta: isObject,
};
const ICON: Record<string, Shape> = {
  mimeType: isText,
  sizes: listOf(isText),
  theme: (value) => value === "light" || value === "dark",
};

/** The first member that is not of the specification's shape, for which a client refuses the whole answer. */
export function firstWrongMember(members: object, shapes: Record<string, Shape> = OPTIONAL): string | undefined {
  return Object.keys(shapes).find((name) => {
    const value = (members as Record<string, unknown>)[name];
    return value !== undefined && !(shapes[name] as Shape)(value);
  });
}

/** Bytes as the base64 text that the wire wants. */
export { base64 };
