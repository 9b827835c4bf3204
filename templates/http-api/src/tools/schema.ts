import { jsonSchema, type ObjectJsonSchema, type SchemaIssue } from "@offshoot/core";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";

// An API's description is not written for a strict validator: unknown formats and keywords are none of ours to refuse.
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true, logger: false });

/** A schema for `defineTool` from JSON Schema. The first call compiles its validator: most tools of an API are never called. */
export function fromJsonSchema(schema: ObjectJsonSchema) {
  return jsonSchema(schema, checker(schema));
}

/** What does not fit a schema, for one value after another. */
export function checker(schema: Record<string, unknown>): (value: unknown) => SchemaIssue[] {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= ajv.compile(schema);
    return validate(value) ? [] : (validate.errors ?? []).map(issueOf);
  };
}

function issueOf({ instancePath, message = "does not fit", params }: ErrorObject): SchemaIssue {
  const path = instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const which = params.additionalProperty ?? params.allowedValues ?? params.allowedValue;
  return { path, message: which === undefined ? message : `${message} (${[which].flat().join(", ")})` };
}
