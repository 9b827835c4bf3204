import { type ContentBlock, firstWrongMember, type ResourceContents } from "../../contract/content.ts";
import { plain } from "./plain.ts";

type Members = Record<string, unknown>;

/** What a block of each type must carry, all of it text. */
const NEEDED: Record<ContentBlock["type"], readonly string[]> = {
  text: ["text"],
  image: ["data", "mimeType"],
  audio: ["data", "mimeType"],
  resource_link: ["uri", "name"],
  resource: [],
};

/**
 * A handler's block as plain data. A client refuses the whole answer for one block that is not of the specification's
 * shape, so such a block is an error here, where its tool can be named.
 *
 * @throws Error naming what is wrong, or what {@link plain} throws
 */
export function plainBlock(block: unknown): ContentBlock {
  const copy = membersOf(block, "a content block");
  requireShapes(copy, "a content block");
  const { type } = copy;
  if (typeof type !== "string" || !Object.hasOwn(NEEDED, type)) throw new Error("a content block has no known type");
  requireTexts(copy, NEEDED[type as ContentBlock["type"]], `a block of type ${type}`);
  if (type === "image" || type === "audio") requireBase64(copy.data as string, `a block of type ${type}`);
  if (type === "resource") copy.resource = plainContents(copy.resource);
  return copy as ContentBlock;
}

/** The contents of a resource as plain data. @throws as {@link plainBlock} */
export function plainContents(contents: unknown): ResourceContents {
  const copy = membersOf(contents, "contents of a resource");
  requireShapes(copy, "contents of a resource");
  requireTexts(copy, ["uri", "blob" in copy ? "blob" : "text"], "contents of a resource");
  if ("blob" in copy) requireBase64(copy.blob as string, "contents of a resource");
  return copy as ResourceContents;
}

/**
 * Bytes of a block or of contents once they are framed. Base64 is framed as it is, and not written out to measure it.
 */
export function framedSize(members: object): number {
  let size = 0;
  for (const [name, member] of Object.entries(members)) {
    if (name === "resource") size += framedSize(member as object);
    else if (name === "data" || name === "blob") size += (member as string).length;
    else size += Buffer.byteLength(JSON.stringify(member));
  }
  return size;
}

/** Texts are taken as they are, however long: a picture's base64 is not written out to look at it. */
function membersOf(value: unknown, what: string): Members {
  if (typeof value !== "object" || value === null)
    throw new Error(`${what} is ${value === null ? "null" : typeof value}`);
  const copy: Members = {};
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === "string") copy[name] = member.toWellFormed();
    else if (member !== undefined) copy[name] = name === "resource" ? membersOf(member, "a resource") : plain(member);
  }
  return copy;
}

/** @throws Error for an optional member of another shape than the specification's */
export function requireShapes(members: object, what: string): void {
  const name = firstWrongMember(members);
  if (name !== undefined) throw new Error(`${what} has a "${name}" that is not of the specification's shape`);
}

function requireTexts(members: Members, names: readonly string[], what: string): void {
  for (const name of names) if (typeof members[name] !== "string") throw new Error(`${what} has no text in "${name}"`);
}

function requireBase64(text: string, what: string): void {
  if (!/^[\w+/-]*={0,2}$/.test(text)) throw new Error(`${what} is not base64: use image(), audio() or bytes`);
}
