import { decisionTables } from "../../policy/table.ts";
import { invalidParams } from "./attempt.ts";
import { problemsOfNames } from "./names.ts";
import { notExercised, type Requirement, report, type Subject } from "./requirement.ts";
import { type Json, mismatch, walk } from "./schemas.ts";

/** A tool as the client saw it listed. */
export interface Listed extends Json {
  name: string;
}

/** The listed tools. @throws NotExercised when there are none */
export async function listedTools({ client, definition }: Subject): Promise<Listed[]> {
  if (definition.tools.size === 0) notExercised("this server has no tools");
  return (await client.tools()) as Listed[];
}

export const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";

function schemaProblem(where: string, schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null) return `${where} is missing.`;
  if ((schema as Json).type !== "object") return `${where} must have "type": "object" at its root.`;
  let remote: string | undefined;
  walk(schema, ({ $ref }) => {
    if (typeof $ref === "string" && !$ref.startsWith("#")) remote = $ref;
  });
  if (remote !== undefined) return `${where} refers to ${remote}, outside itself.`;
  const compiled = mismatch(schema, {});
  return compiled?.startsWith("the schema itself") ? `${where}: ${compiled}` : undefined;
}

/** Requirements on what `tools/list` says. */
export const toolRequirements: readonly Requirement[] = [
  {
    id: "tool-names",
    because:
      "A model picks a tool by its name, a person allows it by how it looks, and hosts join it to the server's: odd characters are refused, of two names that look alike the wrong one is called.",
    async check(subject) {
      report(problemsOfNames((await listedTools(subject)).map(({ name }) => name)));
    },
  },
  {
    id: "tool-texts",
    because:
      "The description is all that a model has to decide by, the title all that a person sees when asked for consent.",
    async check(subject) {
      report(
        (await listedTools(subject)).flatMap(({ name, title, description }) => [
          isText(title) ? undefined : `The tool ${name} has no title.`,
          isText(description) ? undefined : `The tool ${name} has no description.`,
          isText(description) && (description === title || description === name)
            ? `The description of ${name} only repeats its name.`
            : undefined,
        ]),
      );
    },
  },
  {
    id: "tool-annotations",
    because:
      "Absent hints mean the worst case: clients then ask the user before a mere lookup as if it deleted, until nobody reads the question.",
    async check(subject) {
      report(
        (await listedTools(subject)).map(({ name, annotations }) => {
          const { readOnlyHint, destructiveHint } = (annotations ?? {}) as Record<string, unknown>;
          if (readOnlyHint === true && destructiveHint === true)
            return `The tool ${name} says that it is read-only and destructive.`;
          if (readOnlyHint === true || typeof destructiveHint === "boolean") return undefined;
          return `The tool ${name} must say readOnlyHint: true, or whether it destroys something (destructiveHint).`;
        }),
      );
    },
  },
  {
    id: "read-only-profile",
    wire: "stdio-2026",
    because:
      "Operators switch to read-only in the middle of an incident: whatever it still offers must change nothing, for any caller.",
    async check({ definition }) {
      if (definition.tools.size === 0) notExercised("this server has no tools");
      const offered = Object.entries(decisionTables(definition)["read-only"]?.tools ?? {}).filter(([, cells]) =>
        Object.values(cells).some((cell) => cell !== "deny"),
      );
      report(
        offered
          .filter(([name]) => definition.tools.get(name)?.annotations?.readOnlyHint !== true)
          .map(([name]) => `The policy read-only lets ${name} run, which does not say readOnlyHint: true.`),
      );
    },
  },
  {
    id: "tool-schemas",
    because:
      "Clients compile these schemas before the first call: one that does not compile loses the whole list, one that refers elsewhere sends them there.",
    async check(subject) {
      report(
        (await listedTools(subject)).flatMap(({ name, inputSchema, outputSchema }) => [
          schemaProblem(`The inputSchema of ${name}`, inputSchema),
          schemaProblem(`The outputSchema of ${name}`, outputSchema),
        ]),
      );
    },
  },
  {
    id: "fields-described",
    because: "A model fills a field by its description; a bare name is filled by guessing.",
    async check(subject) {
      const problems: string[] = [];
      for (const { name, inputSchema, outputSchema } of await listedTools(subject)) {
        for (const [which, root] of Object.entries({ inputSchema, outputSchema })) {
          walk(root, ({ type, properties }, path) => {
            for (const [field, property] of Object.entries((properties ?? {}) as Record<string, Json>)) {
              // A discriminator says nothing beyond its constant.
              if (isText(property.description) || ("const" in property && type === "object")) continue;
              problems.push(
                `The field ${path === "" ? "" : `${path}.`}${field} in the ${which} of ${name} has no description.`,
              );
            }
          });
        }
      }
      report(problems);
    },
  },
  {
    id: "output-open",
    because:
      "Clients keep the schema they listed: if it is closed, a field that the next version adds makes every one of them refuse the result.",
    async check(subject) {
      const problems: string[] = [];
      for (const { name, outputSchema } of await listedTools(subject)) {
        walk(outputSchema, ({ additionalProperties }, path) => {
          if (additionalProperties === false)
            problems.push(
              `The outputSchema of ${name} is closed${path === "" ? "" : ` at ${path}`} (additionalProperties: false).`,
            );
        });
      }
      report(problems);
    },
  },
  {
    id: "unknown-tool",
    because:
      "A misspelt name is the client's error, not the tool's: -32602 says so, and names that every object inherits must not find anything.",
    async check({ client, definition }) {
      if (definition.tools.size === 0) notExercised("this server has no tools");
      const problems: (string | undefined)[] = [];
      for (const name of ["offshoot_no_such_tool", "__proto__", "constructor"]) {
        problems.push(await invalidParams(`The unknown tool "${name}"`, client.call(name)));
      }
      report(problems);
    },
  },
];
