import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { ApiError } from "../errors.ts";

/** An OpenAPI 3.1 document as plain data. Its schemas are JSON Schema 2020-12; references are still in it. */
export interface Document {
  openapi: string;
  info: { title: string; version: string; description?: string };
  servers?: { url: string }[];
  paths?: Record<string, Record<string, unknown>>;
  [member: string]: unknown;
}

/** A document and what it was made of. */
export interface Source {
  document: Document;
  /** `sha256-…` of the file's bytes: pin it, and a changed description stops the start instead of changing tools. */
  digest: string;
}

/** Largest description, in bytes. The largest public one known, GitHub's, has 13 MB. */
const MAX_BYTES = 33_554_432;

/**
 * Reads a description from a file: JSON or YAML, OpenAPI 3.0 or 3.1 (3.0 is raised to 3.1, so that everything after
 * this knows one dialect of schemas).
 *
 * @throws ApiError in one line for a file that is not there, too large, no OpenAPI, invalid, not the pinned one, or
 * that refers outside itself: following such a reference would let a description choose what this server fetches
 */
export async function readDescription(path: string, pinned?: string): Promise<Source> {
  const bytes = await readBytes(path);
  const digest = `sha256-${createHash("sha256").update(bytes).digest("base64")}`;
  if (pinned !== undefined && pinned !== digest)
    throw new ApiError(
      "description_changed",
      `${path} is not the description that was pinned: it has ${digest}, expected ${pinned}. Look at what changed, then pin the new digest.`,
    );
  const raw = await parseText(path, bytes.toString("utf8"));
  checkVersion(path, raw);
  checkReferences(path, raw);
  // A description was valid when its digest was printed to be pinned, and that takes longer than all the rest of a
  // start.
  if (pinned === undefined) await checkValid(path, raw);
  return { document: (/^3\.0/.test(String(raw.openapi)) ? await raised(raw) : raw) as Document, digest };
}

async function checkValid(path: string, raw: Record<string, unknown>): Promise<void> {
  const { validate } = await import("@scalar/openapi-parser");
  const { valid, errors = [] } = await validate(structuredClone(raw));
  if (valid) return;
  throw new ApiError(
    "description_invalid",
    `${path} is no valid OpenAPI description: ${(errors[0]?.message ?? "unknown reason").slice(0, 300)}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ""}`,
  );
}

async function raised(raw: Record<string, unknown>): Promise<unknown> {
  const { upgrade } = await import("@scalar/openapi-parser");
  return upgrade(raw).specification;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_BYTES)
        throw new ApiError("description_too_large", `${path} has ${size} bytes; at most ${MAX_BYTES} are read.`);
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

async function parseText(path: string, text: string): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    if (/^\s*[{[]/.test(text)) value = JSON.parse(text);
    else {
      const { parse } = await import("./yaml.ts");
      // YAML's aliases could blow a small file up; a description has no need of them.
      value = parse(text, { maxAliasCount: 0 });
    }
  } catch (cause) {
    const why = (cause as Error).message.split("\n")[0];
    throw new ApiError("description_invalid", `${path} is neither JSON nor YAML: ${why}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ApiError("description_invalid", `${path} is no OpenAPI description: it holds no object.`);
  return value as Record<string, unknown>;
}

function checkVersion(path: string, { openapi, swagger }: Record<string, unknown>): void {
  if (typeof openapi === "string" && /^3\.[01](\.|$)/.test(openapi)) return;
  const found = swagger === undefined ? `openapi: ${JSON.stringify(openapi)}` : `swagger: ${JSON.stringify(swagger)}`;
  throw new ApiError(
    "description_version",
    `${path} says ${found}; OpenAPI 3.0 and 3.1 are understood. Convert older ones, with swagger2openapi for example.`,
  );
}

function checkReferences(path: string, node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node) && "$ref" in node && typeof node.$ref === "string" && !node.$ref.startsWith("#"))
    throw new ApiError(
      "description_remote",
      `${path} refers to ${node.$ref.slice(0, 200)}, outside itself. Bundle it into one file first (npx @redocly/cli bundle).`,
    );
  for (const value of Object.values(node)) checkReferences(path, value);
}
