import { ApiError } from "../../errors.ts";
import type { Document } from "./document.ts";

/** A place in a description: a JSON pointer as a URL's fragment has it, `#/paths/~1orders/get`. */
export type Pointer = string;

/** Something in a description that cannot be used as it is. */
export interface Flaw {
  pointer: Pointer;
  /** What is wrong, and what follows from it, in one line. */
  reason: string;
}

/** A flaw, thrown to whatever can do without the part. */
export class FlawError extends ApiError {
  readonly flaw: Flaw;
  constructor(pointer: Pointer, reason: string) {
    super("description_invalid", `The description is wrong at ${pointer}: ${reason}.`);
    this.flaw = { pointer, reason };
  }
}

/** One step further into a description. */
export const inside = (pointer: Pointer, ...steps: (string | number)[]): Pointer =>
  steps.reduce<string>((at, step) => `${at}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`, pointer);

/** What a reference inside the document refers to; `undefined` where that is nothing. */
export function lookUp(document: Document, reference: string): unknown {
  if (reference === "#") return document;
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = document;
  for (const step of reference.slice(2).split("/")) {
    const name = unescapeStep(step);
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function unescapeStep(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // A name with a percent sign of its own.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** Longest chain of references that refer to references. */
const MAX_HOPS = 32;

/**
 * An object of the document, references followed.
 *
 * @throws FlawError when there is none: a reference that leads nowhere, outside or round in a circle, or another type
 */
export function objectAt(document: Document, node: unknown, pointer: Pointer): Record<string, unknown> {
  let at = node;
  for (let hops = 0; hops <= MAX_HOPS; hops += 1) {
    if (typeof at !== "object" || at === null || Array.isArray(at))
      throw new FlawError(pointer, `it is ${kindOf(at)} where an object belongs`);
    const { $ref } = at as { $ref?: unknown };
    if ($ref === undefined) return at as Record<string, unknown>;
    at = typeof $ref === "string" ? lookUp(document, $ref) : undefined;
    if (at === undefined) throw new FlawError(pointer, whyNowhere($ref));
  }
  throw new FlawError(pointer, "its references lead round in a circle");
}

/** Why a reference cannot be followed. */
export function whyNowhere(reference: unknown): string {
  if (typeof reference !== "string") return "$ref is no text";
  const shown = JSON.stringify(reference.slice(0, 200));
  return reference.startsWith("#")
    ? `the reference ${shown} leads nowhere`
    : `the reference ${shown} leads out of the file, which is not followed (bundle it into one file first: npx @redocly/cli bundle)`;
}

const kindOf = (value: unknown): string =>
  value === undefined ? "missing" : value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;

/** Flaws as lines of a log: a broken description can have thousands. */
export function flawLines(flaws: readonly Flaw[], most = 20): string[] {
  const lines = flaws.slice(0, most).map(({ pointer, reason }) => `description ${pointer}: ${reason}`);
  return flaws.length > most
    ? [...lines, `description: ${flaws.length - most} more flaws; --strict-description refuses them`]
    : lines;
}
