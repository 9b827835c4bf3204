import type { JsonSchema } from "../operation.ts";
import { type Accepts, ofTypes, type Part, TYPED } from "./accepts-types.ts";
import { isNode } from "./keywords.ts";

export type { Accepts };

/** Keywords that say nothing of a value; `format` does not in the validator, either. */
const SILENT = new Set([
  ...["title", "description", "default", "examples", "example", "deprecated", "format", "$comment"],
  ...["readOnly", "writeOnly", "xml", "externalDocs", "discriminator"],
]);

/** Members that are looked at before a value is left to the validator: branches may look at one again and again. */
const MAX_STEPS = 20_000;
/** References into each other. */
const MAX_DEPTH = 200;
const REFERENCE = "#/$defs/";

const never: Accepts = () => false;
const always: Accepts = () => true;
const isPrimitive = (value: unknown): boolean => value === null || typeof value !== "object";

/**
 * What says yes to values of a schema of plain keywords, as most are. `undefined` for any other: most patterns may take
 * for ever, and what is odd, the validator in its thread decides. A part that is odd says yes to nothing, and keeps
 * nobody from a value without it.
 */
export function acceptor(schema: unknown): Accepts | undefined {
  let left = 0;
  let depth = 0;
  let isPlain = true;
  const spend = (steps: number): boolean => {
    left -= steps;
    return left >= 0;
  };
  const definitions = isNode(schema) && isNode(schema.$defs) ? schema.$defs : {};
  const made = new Map<string, Accepts>();
  const part: Part = (inside) => build(inside) ?? never;

  const refer = (reference: unknown): Accepts => {
    const name =
      typeof reference === "string" && reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : "";
    const known = made.get(name);
    if (known !== undefined) return known;
    // Made when it is first needed: it may refer to itself.
    let target: Accepts | undefined;
    const accepts: Accepts = (value) => {
      if (depth >= MAX_DEPTH || !spend(1)) return false;
      target ??= Object.hasOwn(definitions, name) ? part(definitions[name]) : never;
      depth += 1;
      const fits = target(value);
      depth -= 1;
      return fits;
    };
    made.set(name, accepts);
    isPlain = false;
    return accepts;
  };

  /** The types that the values of a schema may have; `undefined` where it leaves that open. */
  const typesOf = (inside: unknown, hops = 0): Set<unknown> | undefined => {
    if (!isNode(inside) || hops > 8) return undefined;
    if (inside.type !== undefined)
      return new Set([inside.type].flat().map((type) => (type === "integer" ? "number" : type)));
    if (Array.isArray(inside.enum)) return inside.enum.every((one) => one === null) ? new Set(["null"]) : undefined;
    if (typeof inside.$ref === "string") return typesOf(definitions[inside.$ref.slice(REFERENCE.length)], hops + 1);
    return undefined;
  };

  const branches = (keyword: string, all: unknown): Accepts => {
    if (!Array.isArray(all)) return never;
    // Exactly one fits for certain where no two can.
    const types = keyword === "oneOf" ? all.map((one) => typesOf(one)) : [];
    const taken = types.flatMap((one) => [...(one ?? [])]);
    if (types.includes(undefined) || new Set(taken).size < taken.length) return never;
    isPlain = false;
    const parts = all.map(part);
    return keyword === "allOf"
      ? (value) => spend(parts.length) && parts.every((one) => one(value))
      : (value) => spend(1) && parts.some((one) => one(value));
  };

  const build = (inside: unknown): Accepts | undefined => {
    if (typeof inside === "boolean") return inside ? always : never;
    if (!isNode(inside)) return undefined;
    const asserts = Object.keys(inside).filter(
      (key) => !SILENT.has(key) && !key.startsWith("x-") && !(key === "$defs" && inside === schema),
    );
    const judges: Accepts[] = [];
    if (asserts.some((key) => TYPED.has(key))) {
      const typed = ofTypes(inside as JsonSchema, part, spend);
      if (typed === undefined) return undefined;
      judges.push(typed);
    }
    for (const key of asserts) {
      const { [key]: said } = inside;
      if (TYPED.has(key)) continue;
      if (key === "$ref") judges.push(refer(said));
      else if (key === "allOf" || key === "anyOf" || key === "oneOf") judges.push(branches(key, said));
      else if (key === "const" && isPrimitive(said)) judges.push((value) => value === said);
      else if (key === "enum" && Array.isArray(said)) {
        // By identity: a choice that is an object is the validator's.
        const choices = new Set(said);
        judges.push((value) => isPrimitive(value) && choices.has(value));
      } else return undefined;
    }
    const [first = always, ...more] = judges;
    return more.length === 0 ? first : (value) => judges.every((judge) => judge(value));
  };

  const root = build(schema);
  if (root === undefined) return undefined;
  return (value) => {
    left = isPlain ? Number.POSITIVE_INFINITY : MAX_STEPS;
    depth = 0;
    try {
      return root(value);
    } catch {
      // Deeper than the stack.
      return false;
    }
  };
}
