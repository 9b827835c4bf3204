import type { JsonSchema } from "../operation.ts";
import { withoutMarkup } from "./markup.ts";

// What nobody sees and a model reads all the same: controls, zero-width and bidirectional characters, tag characters.
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/**
 * A text out of a description, fit for a model: hidden characters and HTML tags taken out, blank space folded, and cut
 * at a sentence or word where it is long. Empty when nothing is left.
 */
export function plainText(text: string | undefined, maxCharacters: number): string {
  // Of an essay only the beginning is read.
  const plain = withoutMarkup((text ?? "").slice(0, maxCharacters * 20).replace(HIDDEN, ""))
    .replace(/[ \t]+/g, " ")
    .replace(/\s*\n\s*/g, "\n")
    .trim();
  if (plain.length <= maxCharacters) return plain;
  const cut = plain.slice(0, maxCharacters - 1);
  const sentence = cut.lastIndexOf(". ");
  if (sentence > maxCharacters / 2) return cut.slice(0, sentence + 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), maxCharacters / 2))}…`;
}

/** The words in a name: `customerId` and `customer_id` are both `customer id`. */
export const wordsOf = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .toLowerCase();

/** Longest description of one field, in characters. */
const FIELD_CHARACTERS = 300;

/**
 * The same schema with a description on every property: its own, or the words of its name. Descriptions of long-winded
 * APIs are cut; what a model does not need to fill a field in costs it on every turn.
 */
export function describeFields(schema: JsonSchema): JsonSchema {
  const definitions = (schema.$defs ?? {}) as Record<string, JsonSchema>;
  const visit = (node: unknown, key: string): unknown => {
    if (Array.isArray(node)) return node.map((item) => visit(item, key));
    if (typeof node !== "object" || node === null) return node;
    const out: JsonSchema = {};
    for (const [name, value] of Object.entries(node)) {
      if (name === "properties")
        out[name] = Object.fromEntries(
          Object.entries(value as Record<string, unknown>).map(([field, item]) => [field, described(item, field)]),
        );
      else if (name === "description") continue;
      else if (name === "$defs" || name === "patternProperties" || name === "dependentSchemas")
        out[name] = Object.fromEntries(
          Object.entries(value as Record<string, unknown>).map(([field, item]) => [field, visit(item, field)]),
        );
      else out[name] = name === "enum" || name === "const" || name === "default" ? value : visit(value, name);
    }
    return out;
  };
  const described = (item: unknown, field: string): JsonSchema => {
    const node = (typeof item === "object" && item !== null ? item : {}) as JsonSchema;
    const own = [node, definitions[String(node.$ref).replace("#/$defs/", "")]]
      .map((said) => plainText(typeof said?.description === "string" ? said.description : undefined, FIELD_CHARACTERS))
      .find((text) => text !== "");
    return { ...(visit(node, field) as JsonSchema), description: own ?? (wordsOf(field) || "value") };
  };
  return visit(schema, "") as JsonSchema;
}
