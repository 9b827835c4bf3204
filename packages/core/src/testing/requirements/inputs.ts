import { describe, invalidParams, isMasked, names, tryCall } from "./attempt.ts";
import { type Input, notExercised, type Requirement, report } from "./requirement.ts";
import { eachSampled, type Problems, readableError } from "./sampled.ts";
import { listedTools } from "./tools.ts";

/** Requirements on what tools do with input that is not as it should be. */
export const inputRequirements: readonly Requirement[] = [
  {
    id: "invalid-input",
    because:
      "A model can mend an input that it is told about: the error is a result, and names the field. A JSON-RPC error ends at the host.",
    async check(subject) {
      const problems: Problems = [];
      let tried = 0;
      for (const { name, inputSchema } of await listedTools(subject)) {
        const base = subject.samples.tools?.[name]?.valid[0] ?? {};
        for (const { what, input, field } of spoil(inputSchema, base)) {
          tried += 1;
          const answer = await tryCall(subject.client, name, input);
          const problem = readableError(`${name} ${what}`, answer);
          const named = field === undefined || names(answer.result?.text ?? "", field);
          problems.push(
            problem ??
              (named
                ? undefined
                : `${name} ${what} gave an error that does not name "${field}": ${answer.result?.text}`),
          );
        }
      }
      report(problems);
      if (tried === 0) notExercised("no tool takes input that could be wrong");
    },
  },
  {
    id: "unknown-keys",
    because:
      "Models add fields that they remember from other servers: the call must do its work or say which key is wrong, not fall over.",
    check: (subject) =>
      eachSampled(subject, async (name, { valid }) => {
        const problems: Problems = [];
        for (const input of valid) {
          const answer = await tryCall(subject.client, name, { ...input, offshoot_unknown: { key: [1] } });
          if (answer.result === undefined)
            problems.push(`${name} with an unknown key must give a result; it got ${describe(answer)}.`);
          else if (isMasked(answer.result))
            problems.push(`${name} with an unknown key made the handler throw something that is no ToolError.`);
        }
        return problems;
      }),
  },
  {
    id: "prototype-keys",
    because:
      'A copied "__proto__" key becomes the prototype of whatever the handler builds, and so a property that nobody set.',
    async check({ client, definition, samples }) {
      const [name] = definition.tools.keys();
      if (name === undefined) notExercised("this server has no tools");
      const input = samples.tools?.[name]?.valid[0] ?? {};
      const hostile = [
        '"__proto__":{"polluted":1}',
        '"deep":{"__proto__":{"polluted":1}}',
        '"constructor":{"prototype":{"polluted":1}}',
      ];
      const problems: Problems = [];
      for (const member of hostile) {
        // Parsed, because in source text "__proto__" would set the prototype instead of a key.
        const call = client.call(name, { ...input, ...(JSON.parse(`{${member}}`) as Input) });
        problems.push(await invalidParams(`${name} with {${member}}`, call));
      }
      if ("polluted" in {})
        problems.push("Object.prototype has a new property after that: every object of the process has it.");
      report(problems);
    },
  },
];

/** Inputs that the schema refuses: without a required field, and with a value of a type that a field cannot have. */
export function* spoil(
  schema: unknown,
  base: Input,
): Generator<{ what: string; input: Input; field?: string | undefined }> {
  const { required = [], properties = {} } = (schema ?? {}) as {
    required?: string[] | undefined;
    properties?: Record<string, { type?: unknown }> | undefined;
  };
  for (const field of required) {
    const { [field]: _, ...input } = base;
    yield {
      what: `without "${field}"`,
      input,
      ...(Object.hasOwn(base, field) || required.length === 1 ? { field } : {}),
    };
  }
  for (const [field, { type }] of Object.entries(properties)) {
    if (typeof type !== "string" || type === "null") continue;
    const value = type === "object" ? "no object" : { no: type };
    yield { what: `with ${JSON.stringify(value)} as "${field}"`, input: { ...base, [field]: value }, field };
  }
}
