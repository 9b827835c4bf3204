import { z } from "zod";

const given = Symbol.for("offshoot.jsonSchema");

/** A JSON Schema 2020-12 document whose root is an object. */
export interface ObjectJsonSchema {
  type: "object";
  [keyword: string]: unknown;
}

/** What does not fit a schema: where (property names and indexes) and why. */
export interface SchemaIssue {
  path: (string | number)[];
  message: string;
}

/**
 * A schema that is JSON Schema 2020-12 already, for tools made from data: an API's description, a database's tables.
 * Clients see it as it is; `check` validates values, with a validator of your choice. A tool that you write by
 * hand is better served by zod, which gives its handler types.
 *
 * @param schema type object at the root, every field described, no reference out of it: as for any tool
 * @param check returns the issues, an empty list when the value is valid; a promise of them while the validator is being
 * loaded, after which the value is checked again. Must not throw
 */
export function jsonSchema(
  schema: ObjectJsonSchema,
  check: (value: Record<string, unknown>) => readonly SchemaIssue[] | Promise<readonly SchemaIssue[]>,
): z.ZodType<Record<string, unknown>> {
  const type = z.record(z.string(), z.unknown()).superRefine((value, context) => {
    const add = (issues: readonly SchemaIssue[]): void => {
      for (const { path, message } of issues) context.addIssue({ code: "custom", path, message });
    };
    const issues = check(value);
    return issues instanceof Promise ? issues.then(add) : add(issues);
  });
  return Object.assign(type, { [given]: schema });
}

/** Whether a schema was made by {@link jsonSchema}. */
export const isGiven = (schema: z.ZodType): boolean => given in schema;

/** The JSON Schema that {@link jsonSchema} was given, to be changed freely; `undefined` for any other schema. */
export function givenJsonSchema(schema: z.ZodType): Record<string, unknown> | undefined {
  return isGiven(schema) ? structuredClone((schema as never)[given] as Record<string, unknown>) : undefined;
}
