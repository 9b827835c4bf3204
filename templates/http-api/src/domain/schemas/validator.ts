import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { JsonSchema } from "../operation.ts";
import type { CheckJob, Issue } from "./check-job.ts";
import { inner, isNode } from "./keywords.ts";
import { leaveOver, loosen } from "./loosen.ts";
import { compilePattern, type Pattern } from "./pattern.ts";

/** Issues of one value that are named. */
const MAX_ISSUES = 9;

/** Validates values by whole schemas that share their definitions. */
export interface Validator {
  /** `notes` says what of a pattern cannot be held to; each is said once. */
  compile(job: Omit<CheckJob, "value">): { check: (value: unknown) => Issue[]; notes: string[] };
}

/**
 * One instance of Ajv for all schemas of a server, with patterns on a linear engine. Each definition is a schema of its
 * own there, compiled when it is first needed.
 */
export function createValidator(): Validator {
  const patterns = new Map<string, Pattern | undefined>();
  const patternOf = (source: string): Pattern | undefined => {
    if (!patterns.has(source)) patterns.set(source, compilePattern(source));
    return patterns.get(source);
  };
  const regExp = (source: string) => {
    const pattern = patternOf(source);
    // Ajv keys its patterns by their text.
    return { test: (text: string) => pattern?.test(text) ?? true, toString: () => source };
  };
  const makeAjv = (allErrors: boolean): Ajv2020 =>
    new Ajv2020({
      strict: false,
      validateSchema: false,
      validateFormats: false,
      logger: false,
      allErrors,
      // Otherwise what `{}` inherits counts: `required: ["toString"]` would hold.
      ownProperties: true,
      code: { regExp: Object.assign(regExp, { code: "regExp" }) as never },
    });
  const ajv = makeAjv(true);
  const definitions = new Map<string, JsonSchema>();
  const loose = new Set<object>();
  const compiled = new Map<string, (value: unknown) => Issue[]>();
  const said = new Set<string>();

  const compile: Validator["compile"] = ({ key, schema, names, definitions: added }) => {
    const known = compiled.get(key);
    if (known !== undefined) return { check: known, notes: [] };
    // It came before and could not be compiled.
    if (schema === undefined) throw new Error("there is no such schema");
    const notes: string[] = [];
    const note = (pattern: string, what: string): void => {
      if (said.has(pattern)) return;
      said.add(pattern);
      notes.push(`the pattern ${JSON.stringify(pattern.slice(0, 80))} ${what}`);
    };
    const root = pointRefs(schema, names);
    const made = [root];
    for (const [name, definition] of added) {
      const node = pointRefs(definition, names);
      definitions.set(name, node);
      made.push(node);
    }
    for (const node of made) easePatterns(node, patternOf, loose, note);
    loosen(made, loose, (reference) => definitions.get(reference));
    for (const [name] of added) ajv.addSchema(definitions.get(name) as JsonSchema, name);
    const validate = build(ajv, root);
    // With `allErrors`, Ajv 8 throws at some values of some schemas (`patternProperties` beside an `anyOf` with
    // `additionalProperties`, for one) that it judges well when it stops at the first error.
    let atFirst: ValidateFunction | undefined;
    const judgeAgain = (value: unknown): ValidateFunction => {
      if (atFirst === undefined) {
        const other = makeAjv(false);
        for (const [name, definition] of definitions) other.addSchema(definition, name);
        atFirst = build(other, root);
      }
      atFirst(value);
      return atFirst;
    };
    const check = (value: unknown): Issue[] => {
      let judge = validate;
      try {
        judge(value);
      } catch {
        judge = judgeAgain(value);
      }
      return (judge.errors ?? []).slice(0, MAX_ISSUES).map(issueOf);
    };
    compiled.set(key, check);
    return { check, notes };
  };

  const build = (by: Ajv2020, root: JsonSchema): ValidateFunction => {
    try {
      return by.compile(root);
    } catch {
      // Nothing of a description may fail a call: what cannot be compiled after all accepts everything.
      return by.compile({});
    }
  };
  return { compile };
}

/** A schema whose references are the names of definitions in this validator. */
function pointRefs(node: JsonSchema, names: Record<string, string>): JsonSchema {
  const { $defs: _, ...rest } = node;
  for (const each of walk(rest))
    if (typeof each.$ref === "string") each.$ref = names[each.$ref.replace("#/$defs/", "")] ?? each.$ref;
  return rest;
}

function* walk(root: JsonSchema): Iterable<JsonSchema> {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    yield node;
    for (const [, child] of inner(node)) open.push(child);
  }
}

/** Drops patterns that are invalid, and marks nodes whose pattern matches more than was meant as loose. */
function easePatterns(
  root: JsonSchema,
  patternOf: (source: string) => Pattern | undefined,
  loose: Set<object>,
  note: (pattern: string, what: string) => void,
): void {
  for (const node of walk(root)) {
    if (typeof node.pattern === "string") {
      const pattern = patternOf(node.pattern);
      if (pattern?.exact !== true) {
        note(node.pattern, pattern === undefined ? "is no regular expression" : "is held to only in part");
        if (pattern === undefined) delete node.pattern;
        loose.add(node);
      }
    }
    if (!isNode(node.patternProperties)) continue;
    // An inexact pattern would apply its schema to names that it was not meant for.
    for (const name of Object.keys(node.patternProperties)) {
      if (patternOf(name)?.exact === true) continue;
      note(name, "is not held to");
      delete node.patternProperties[name];
      delete node.additionalProperties;
      leaveOver(node);
      loose.add(node);
    }
  }
}

function issueOf({ instancePath, message = "does not fit", params }: ErrorObject): Issue {
  const path = instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const which = params.additionalProperty ?? params.allowedValues ?? params.allowedValue;
  return { path, message: which === undefined ? message : `${message} (${[which].flat().join(", ")})` };
}
