import type { z } from "zod";
import type { ObjectJsonSchema } from "../../contract/schemas/json-schema.ts";
import type { Call } from "../call.ts";
import { parseWith } from "../normalize.ts";
import { andThen } from "../then.ts";
import { coerce } from "./coerce.ts";

type Input = Record<string, unknown>;

/**
 * The last step of stage 2: an input as its schema takes it. Only one that was refused is looked at again, with what
 * clients do to a model's input undone.
 *
 * @param next goes on with the result, and with the input that it is of
 */
export function parseInput<Result>(
  schema: z.ZodType,
  json: ObjectJsonSchema,
  sent: Input,
  call: Call,
  next: (parsed: z.ZodSafeParseResult<unknown>, taken: Input) => Result,
): Result | Promise<Result> {
  return andThen(parseWith(schema, sent), (parsed): Result | Promise<Result> => {
    const coerced = parsed.success ? undefined : coerce(json, sent);
    if (coerced === undefined) return next(parsed, sent);
    return andThen(parseWith(schema, coerced.value), (again) => {
      if (again.success) call.coerced = coerced.changes;
      return next(again, coerced.value as Input);
    });
  }) as Result | Promise<Result>;
}
