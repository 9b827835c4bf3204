import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { ApiError } from "../../errors.ts";
import { brokenSchemas } from "./broken-schemas.ts";
import type { Document } from "./document.ts";
import { dropExamples } from "./drop-examples.ts";
import { parseDescription } from "./parse.ts";
import type { Flaw } from "./pointer.ts";
import { raiseDocument, versionOf } from "./raise.ts";
import { brokenReferences } from "./references.ts";

/** A document and what it was made of. */
export interface Source {
  document: Document;
  /** `sha256-…` of the file's bytes: pin it, and a changed description stops the start instead of changing tools. */
  digest: string;
  /** What of it cannot be used. */
  flaws: Flaw[];
  /** What people who run the server should know of it: that it is not the newest. */
  note?: string | undefined;
}

export interface ReadOptions {
  /** The digest that it must have. */
  pin?: string | undefined;
  /** Refuses a description with any flaw, by OpenAPI's own schema. @default false */
  strict?: boolean | undefined;
}

/** Largest description, in bytes. The largest public one known, GitHub's, has 13 MB. */
export const MAX_DESCRIPTION_BYTES = 33_554_432;

/**
 * Reads a description from a file: JSON or YAML, OpenAPI 3.0 to 3.2 or Swagger 2.0.
 *
 * @throws ApiError in one line for a file that is not there, too large, no OpenAPI, or not the pinned one
 */
export async function readDescription(path: string, options: ReadOptions = {}): Promise<Source> {
  return readSource(path, await readBytes(path), options);
}

/** The same for bytes that come from elsewhere. */
export async function readSource(
  name: string,
  bytes: Uint8Array,
  { pin, strict = false }: ReadOptions,
): Promise<Source> {
  const digest = digestOf(bytes);
  if (pin !== undefined && pin !== digest)
    throw new ApiError(
      "description_changed",
      `${name} is not the description that was pinned: it has ${digest}, expected ${pin}. Look at what changed, then pin the new digest.`,
    );
  const parsed = async () => withPaths(name, await parseDescription(name, bytes));
  const raw = await parsed();
  const version = versionOf(name, raw);
  if (strict) await checkValid(name, raw);
  dropExamples(raw);
  const broken = brokenReferences(raw as Document);
  const { document, flaws } =
    version === "3.1" ? { document: raw as Document, flaws: [] } : await raiseDocument(raw, parsed);
  return { document, digest, flaws: [...flaws, ...broken, ...brokenSchemas(document)] };
}

/** @throws ApiError where there are none, and nothing that a description without them is made of */
function withPaths(name: string, raw: Record<string, unknown>): Record<string, unknown> {
  // A file of another kind has no paths either, and is better called what it is.
  versionOf(name, raw);
  if (typeof raw.paths === "object" && raw.paths !== null && !Array.isArray(raw.paths)) return raw;
  if (raw.webhooks === undefined && raw.components === undefined)
    throw new ApiError("description_invalid", `${name} is no OpenAPI description: #/paths is no object.`);
  raw.paths = {};
  return raw;
}

export const digestOf = (bytes: Uint8Array): string => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

async function checkValid(name: string, raw: Record<string, unknown>): Promise<void> {
  const { validate } = await import("@scalar/openapi-parser");
  const { valid, errors = [] } = await validate(structuredClone(raw));
  if (valid) return;
  const [first] = errors as { message: string; path?: string }[];
  const at = first?.path === undefined ? "" : ` at #${first.path}`;
  throw new ApiError(
    "description_invalid",
    `${name} is no valid OpenAPI description${at}: ${(first?.message ?? "unknown reason").slice(0, 300)}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ""}`,
  );
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_DESCRIPTION_BYTES)
        throw new ApiError(
          "description_too_large",
          `${path} has ${size} bytes; at most ${MAX_DESCRIPTION_BYTES} are read.`,
        );
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new ApiError("description_unreadable", `${path} cannot be read (${code ?? "unknown reason"}).`, { cause });
  }
}
