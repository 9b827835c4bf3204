import type { SchemaIssue } from "@offshoot/core";
import type { Ajv2020, ErrorObject, ValidateFunction } from "ajv/dist/2020.js";

/** What does not fit a schema; a promise of it where the validator has to be loaded first. */
export type Check = (value: unknown) => SchemaIssue[] | Promise<SchemaIssue[]>;

let ajv: Ajv2020 | undefined;

/**
 * Holds values against a schema. The validator is compiled with the first one: most tools of an API are never called.
 */
export function checker(schema: Record<string, unknown>): Check {
  let validate: ValidateFunction | undefined;
  const check = (value: unknown, loaded: Ajv2020): SchemaIssue[] => {
    validate ??= loaded.compile(schema);
    return validate(value) ? [] : (validate.errors ?? []).map(issueOf);
  };
  return (value) => (ajv === undefined ? load().then((loaded) => check(value, loaded)) : check(value, ajv));
}

/** With the first call and not with the server, whose start it would double. */
async function load(): Promise<Ajv2020> {
  const { Ajv2020 } = await import("./ajv.ts");
  // An API's description is not written for a strict validator: unknown formats and keywords are none of ours to
  // refuse.
  ajv ??= new Ajv2020({ strict: false, validateFormats: false, allErrors: true, logger: false });
  return ajv;
}

function issueOf({ instancePath, message = "does not fit", params }: ErrorObject): SchemaIssue {
  const path = instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const which = params.additionalProperty ?? params.allowedValues ?? params.allowedValue;
  return { path, message: which === undefined ? message : `${message} (${[which].flat().join(", ")})` };
}
