import type { z } from "zod";
import { DefinitionError } from "../../contract/errors.ts";
import { toJsonSchema } from "../../contract/schemas/schema.ts";

type Json = Record<string, unknown>;

const COMMON = ["type", "title", "description", "default"];
/**
 * What a form may say of a field, by its type: all that clients understand. Core checks the answer by the zod schema.
 */
const KEYWORDS = new Map([
  ["string", [...COMMON, "minLength", "maxLength", "format", "enum", "enumNames", "oneOf"]],
  ["number", [...COMMON, "minimum", "maximum"]],
  ["integer", [...COMMON, "minimum", "maximum"]],
  ["boolean", COMMON],
  ["array", [...COMMON, "minItems", "maxItems", "items"]],
]);
const FORMATS = ["email", "uri", "date", "date-time"];

const forms = new WeakMap<z.ZodObject, Json>();

/**
 * The form that a client shows for an elicit schema, made once per schema.
 *
 * @throws DefinitionError unless every field is described and a string, number, boolean, choice or array of choices
 */
export function formOf(schema: z.ZodObject): Json {
  let form = forms.get(schema);
  if (form === undefined) {
    const { type, properties = {}, required } = toJsonSchema(schema, "input", "elicit schema");
    const fields = Object.entries(properties as Record<string, Json>).map(([name, json]) => [
      name,
      fieldOf(name, json),
    ]);
    form = { type, properties: Object.fromEntries(fields), ...(required === undefined ? {} : { required }) };
    forms.set(schema, form);
  }
  return form;
}

function fieldOf(name: string, json: Json): Json {
  const options = titledOptions(json);
  const items = (json.items ?? {}) as Json;
  const several = titledOptions(items);
  const field: Json = {
    ...json,
    ...(options && { type: "string", oneOf: options }),
    ...(several && { items: { anyOf: several } }),
  };
  const keywords = KEYWORDS.get(String(field.type));
  if (keywords === undefined || (field.type === "array" && several === undefined && !Array.isArray(items.enum))) {
    throw new DefinitionError(
      `elicit schema: a form has no place for the field "${name}". Use a string, number, boolean, choice or array of choices.`,
    );
  }
  if (!FORMATS.includes(String(field.format))) delete field.format;
  return Object.fromEntries(
    keywords.filter((keyword) => field[keyword] !== undefined).map((keyword) => [keyword, field[keyword]]),
  );
}

/** A union of literals, each with a title, in the form's words. */
function titledOptions({ anyOf }: Json): { const: string; title: string }[] | undefined {
  const options = anyOf as { const?: unknown; title?: string | undefined }[] | undefined;
  if (!options?.every((option) => typeof option.const === "string")) return undefined;
  return options.map((option) => ({ const: option.const as string, title: option.title ?? (option.const as string) }));
}
