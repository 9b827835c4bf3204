import type { z } from "zod";
import { ErrorCode, ProtocolError } from "../contract/errors.ts";

/** How deep a message may nest. Beyond it, code that recurses (serialisers, validators) is at the caller's mercy. */
const MAX_DEPTH = 64;
/** How many values a message may hold. */
const MAX_VALUES = 100_000;

/**
 * The first half of stage 2, on the raw message before any SDK has seen it (their parsers copy, and a copy loses a
 * `__proto__` key in silence): nesting, number of values, keys that reach a prototype, and lone surrogates, which no
 * store keeps.
 *
 * Iterative, so that it is not itself the victim.
 * @returns what is wrong, or `undefined`
 */
export function findHostile(message: unknown): string | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const values: object[] = [message];
  const depths: number[] = [1];
  let count = 0;
  while (values.length > 0) {
    const value = values.pop() as Record<string, unknown> | unknown[];
    const depth = depths.pop() as number;
    if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
    const entries = Array.isArray(value) ? value : Object.keys(value);
    count += entries.length;
    if (count > MAX_VALUES) return `more than ${MAX_VALUES} values`;
    for (const entry of entries) {
      const item = Array.isArray(value) ? entry : (value as Record<string, unknown>)[entry as string];
      if (!Array.isArray(value)) {
        const key = entry as string;
        if (key === "__proto__") return 'the key "__proto__"';
        if (key === "constructor" && typeof item === "object" && item !== null && Object.hasOwn(item, "prototype")) {
          return 'the key "constructor.prototype"';
        }
      }
      if (typeof item === "string") {
        if (!item.isWellFormed()) return "a lone surrogate (text that is no valid Unicode)";
      } else if (typeof item === "object" && item !== null) {
        values.push(item);
        depths.push(depth + 1);
      }
    }
  }
  return undefined;
}

/** A member of `params` that must be a string. @throws ProtocolError -32602 */
export function stringParam(params: Record<string, unknown>, name: string, method: string): string {
  const value = params[name];
  if (typeof value !== "string")
    throw new ProtocolError(ErrorCode.invalidParams, `${method} needs params.${name} as a string.`);
  return value;
}

/** A member of `params` that must be an object, or is absent. @throws ProtocolError -32602 */
export function objectParam(params: Record<string, unknown>, name: string, method: string): Record<string, unknown> {
  const value = params[name] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new ProtocolError(ErrorCode.invalidParams, `${method} needs params.${name} as an object.`);
  }
  return value as Record<string, unknown>;
}

/** Parses in sync form, which is several times faster; a schema that turns out to be async is parsed again as such. */
export function parseWith(
  schema: z.ZodType,
  sent: unknown,
): z.ZodSafeParseResult<unknown> | Promise<z.ZodSafeParseResult<unknown>> {
  try {
    return schema.safeParse(sent);
  } catch {
    // zod says "async" only by throwing: a refinement or transform of the schema returns a promise.
    return schema.safeParseAsync(sent);
  }
}
