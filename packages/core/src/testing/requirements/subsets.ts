import type { Json } from "./schemas.ts";

// What two makers of models take as a tool's parameters, once a client has converted JSON Schema as clients usually do:
// keywords that are only checks are dropped (the server checks all the same), `const` becomes an enum, `oneOf` an
// anyOf, a null among the types is told in their own way. What no such conversion mends is named here.

/**
 * Gemini: the Schema object of its API, which is a part of OpenAPI 3.0's (ai.google.dev/api/caching#Schema), with local
 * references written out. The rest is what it answers 400 to: "didn't specify the schema type field"
 * (google-gemini/gemini-cli#4400), "items: missing field" (boshyxd/robloxstudio-mcp#72), "should be non-empty for
 * OBJECT type" (MarkusPfundstein/mcp-obsidian#21), "enum: cannot be empty" (sbroenne/mcp-server-excel#607),
 * "properties: only allowed for OBJECT type" (anomalyco/opencode#11889).
 */
export function geminiProblems(root: Json): string[] {
  const problems = [...nodesOf(root)].flatMap(({ node, path }) => {
    const at = (problem: string) => `${path === "" ? "its root" : path} ${problem}`;
    const types = typesOf(node);
    return [
      ...commonProblems(node, at),
      "allOf" in node ? at("has allOf, which is not known there") : undefined,
      types.includes("object") && path !== "" && keysOf(node.properties).length === 0
        ? at("is an object without named properties")
        : undefined,
      types.length > 0 && !types.includes("object") && "properties" in node
        ? at(`has properties and is of type ${types.join(" or ")}`)
        : undefined,
      (node.enum as unknown[] | undefined)?.includes("") ? at("has an empty text among its values") : undefined,
    ];
  });
  if (isRecursive(root)) problems.push("it refers to itself, and cannot be written out");
  return problems.filter((problem) => problem !== undefined);
}

/** OpenAI's strict mode does not know these, and without them a schema means something else. */
const NOT_STRICT = [
  "allOf",
  "not",
  "if",
  "dependentRequired",
  "dependentSchemas",
  "patternProperties",
  "propertyNames",
  "prefixItems",
];

/** Its ceilings. */
const MOST = { properties: 5_000, levels: 10, values: 1_000, characters: 120_000 };

/**
 * OpenAI's strict mode: "Structured model outputs", supported schemas
 * (platform.openai.com/docs/guides/structured-outputs#supported-schemas), after every object was closed and every
 * property required, with null for what may be left out.
 */
export function strictProblems(root: Json): string[] {
  const problems: (string | undefined)[] = [];
  const count = { properties: 0, levels: 0, values: 0, characters: 0 };
  for (const { node, path, level } of nodesOf(root)) {
    const at = (problem: string) => `${path === "" ? "its root" : path} ${problem}`;
    problems.push(...commonProblems(node, at));
    for (const keyword of NOT_STRICT) if (keyword in node) problems.push(at(`has ${keyword}`));
    if (path === "" && ("anyOf" in node || "oneOf" in node)) problems.push(at("is a choice, and must be one object"));
    const { additionalProperties } = node;
    if (additionalProperties === true || (typeof additionalProperties === "object" && additionalProperties !== null))
      problems.push(at("takes properties of any name"));
    const values = ((node.enum ?? []) as unknown[]).map(String);
    const names = [...keysOf(node.properties), ...keysOf(node.$defs)];
    count.properties += keysOf(node.properties).length;
    count.levels = Math.max(count.levels, level);
    count.values += values.length;
    count.characters += [...names, ...values, String(node.const ?? "")].join("").length;
  }
  for (const [what, most] of Object.entries(MOST)) {
    const has = count[what as keyof typeof MOST];
    if (has > most) problems.push(`it has ${has} ${what}, more than ${most}`);
  }
  return problems.filter((problem) => problem !== undefined);
}

function commonProblems(node: Json, at: (problem: string) => string): (string | undefined)[] {
  const typed = ["anyOf", "oneOf", "allOf", "enum", "const", "$ref"].some((keyword) => keyword in node);
  const undefinedOnes = ((node.required ?? []) as string[]).filter((name) => !keysOf(node.properties).includes(name));
  return [
    node.type === undefined && !typed ? at("says no type") : undefined,
    typesOf(node).includes("array") && keysOf(node.items).length === 0
      ? at("is an array that says no items")
      : undefined,
    undefinedOnes.length > 0 ? at(`requires ${undefinedOnes.join(", ")}, which it does not define`) : undefined,
  ];
}

const keysOf = (value: unknown): string[] => (typeof value === "object" && value !== null ? Object.keys(value) : []);
const typesOf = ({ type }: Json): unknown[] => [type ?? []].flat().filter((one) => one !== "null");

const MAPS = ["properties", "$defs", "definitions"];
const SINGLE = ["items", "additionalProperties", "not"];
const LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"];

/** Every schema inside a schema, itself included. A level is an object or an array around it. */
function* nodesOf(node: unknown, path = "", level = 0): Generator<{ node: Json; path: string; level: number }> {
  if (typeof node !== "object" || node === null) return;
  const schema = node as Json;
  yield { node: schema, path, level };
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  for (const keyword of MAPS)
    for (const [name, inner] of Object.entries((schema[keyword] ?? {}) as Json))
      yield* nodesOf(inner, below(keyword === "properties" ? name : `${keyword}.${name}`), level + 1);
  for (const keyword of SINGLE) yield* nodesOf(schema[keyword], below(keyword), level + 1);
  for (const keyword of LISTS)
    for (const inner of (schema[keyword] ?? []) as unknown[]) yield* nodesOf(inner, path || keyword, level);
}

/** Whether following the local references leads back to where one came from. */
function isRecursive(root: Json): boolean {
  const leadsBack = (node: unknown, above: readonly string[]): boolean => {
    for (const { node: inner } of nodesOf(node)) {
      const { $ref } = inner;
      if (typeof $ref !== "string") continue;
      if (above.includes($ref) || leadsBack(schemaAt(root, $ref), [...above, $ref])) return true;
    }
    return false;
  };
  const { $defs: _, ...body } = root;
  return leadsBack(body, ["#"]);
}

function schemaAt(root: Json, ref: string): unknown {
  const steps = ref.split("/").slice(1);
  return steps.reduce<unknown>(
    (node, step) => (node as Json | undefined)?.[step.replaceAll("~1", "/").replaceAll("~0", "~")],
    root,
  );
}
