import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { findResource } from "../../call/resources.ts";
import type { Tool } from "../../contract/tool.ts";
import type { ToolOutcome } from "../client.ts";
import { type Attempt, attempt, describe, invalidParams, isMasked, names, tryCall } from "./attempt.ts";
import { type Input, notExercised, report, type Requirement, type Subject, type ToolSamples } from "./requirement.ts";
import { mismatch } from "./schemas.ts";
import { listedTools } from "./tools.ts";

type Problems = (string | undefined)[];

/** Runs a check for each sampled tool, in the samples' order. @throws NotExercised naming the tools without a sample */
async function eachSampled({ definition, samples = {} }: Subject, check: (name: string, samples: ToolSamples, tool: Tool) => Promise<Problems>): Promise<void> {
  if (definition.tools.size === 0) notExercised("this server has no tools");
  const sampled = samples.tools ?? {};
  const problems: Problems = [];
  for (const [name, of] of Object.entries(sampled)) {
    const tool = definition.tools.get(name);
    if (tool !== undefined) problems.push(...(await check(name, of, tool)));
  }
  report(problems);
  const bare = [...definition.tools.keys()].filter((name) => !Object.hasOwn(sampled, name) || sampled[name]?.valid.length === 0);
  if (bare.length > 0) notExercised(`no sample for ${bare.join(", ")}`);
}

/** {@link eachSampled} with every valid sample called, and only successes looked at. */
function eachResult(subject: Subject, check: (result: ToolOutcome, tool: Tool) => string | undefined): Promise<void> {
  return eachSampled(subject, async (name, { valid }, tool) => {
    const problems: Problems = [];
    for (const input of valid) {
      const { result } = await tryCall(subject.client, name, input);
      if (result !== undefined && !result.isError) problems.push(check(result, tool));
    }
    return problems;
  });
}

const shown = (name: string, input: Input): string => `${name}(${JSON.stringify(input).slice(0, 200)})`;

/** The problem, unless the answer is an error that a model can read and nobody had to mask. */
function readableError(what: string, answer: Attempt<ToolOutcome>): string | undefined {
  const { result } = answer;
  if (result === undefined || !result.isError) return `${what} must give a result with isError; it got ${describe(answer)}.`;
  if (isMasked(result)) return `${what} made the handler throw something that is no ToolError. Throw one (see fail) that says what to do.`;
  return result.text.trim() === "" ? `${what} gave an error without text.` : undefined;
}

/** Requirements on tool calls, made with the samples. */
export const callRequirements: readonly Requirement[] = [
  {
    id: "valid-input",
    because: "These are the calls that the tools are for.",
    check: (subject) =>
      eachSampled(subject, async (name, { valid }) => {
        const problems: Problems = [];
        for (const input of valid) {
          const answer = await tryCall(subject.client, name, input);
          if (answer.result === undefined || answer.result.isError) problems.push(`${shown(name, input)} must succeed; it got ${describe(answer)}.`);
        }
        return problems;
      }),
  },
  {
    id: "output-fits-schema",
    because: "The server does not notice, the client does: it checks the data against the listed schema and throws the whole result away.",
    async check(subject) {
      const listed = new Map((await listedTools(subject)).map(({ name, outputSchema }) => [name, outputSchema]));
      await eachResult(subject, ({ data }, { name }) => {
        const schema = listed.get(name);
        if (schema === undefined) return undefined;
        if (data === undefined) return `${name} lists an outputSchema and sends no structuredContent.`;
        const problem = mismatch(schema, data);
        return problem === undefined ? undefined : `${name} sends what its listed outputSchema refuses: ${problem}.`;
      });
    },
  },
  {
    id: "text-twin",
    because: "Many clients hand only the text to the model: without it, or with one that says something else, the model knows nothing or the wrong thing.",
    check: (subject) =>
      eachResult(subject, ({ content, text, data }, tool) => {
        const blocks = content.some((block) => block.type !== "text");
        if (text.trim() === "" && !blocks) return `${tool.name} sends data without any text or other content beside it.`;
        if (tool.toText !== undefined) return undefined;
        const first = content.find((block) => block.type === "text")?.text ?? "";
        return isDeepStrictEqual(parsed(first), data) ? undefined : `The text of ${tool.name} is not its data as JSON.`;
      }),
  },
  {
    id: "invalid-input",
    because: "A model can mend an input that it is told about: the error is a result, and names the field. A JSON-RPC error ends at the host.",
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
          problems.push(problem ?? (named ? undefined : `${name} ${what} gave an error that does not name "${field}": ${answer.result?.text}`));
        }
      }
      report(problems);
      if (tried === 0) notExercised("no tool takes input that could be wrong");
    },
  },
  {
    id: "unknown-keys",
    because: "Models add fields that they remember from other servers: the call must do its work or say which key is wrong, not fall over.",
    check: (subject) =>
      eachSampled(subject, async (name, { valid }) => {
        const problems: Problems = [];
        for (const input of valid) {
          const answer = await tryCall(subject.client, name, { ...input, offshoot_unknown: { key: [1] } });
          if (answer.result === undefined) problems.push(`${name} with an unknown key must give a result; it got ${describe(answer)}.`);
          else if (isMasked(answer.result)) problems.push(`${name} with an unknown key made the handler throw something that is no ToolError.`);
        }
        return problems;
      }),
  },
  {
    id: "failing-input",
    because: "An expected failure is the model's next step: its text says what to do, and a masked one says only that somebody should look at a log.",
    async check(subject) {
      const failing = Object.entries(subject.samples.tools ?? {}).flatMap(([name, of]) => (of.failing ?? []).map((input) => ({ name, input })));
      if (failing.length === 0) notExercised("no sample of an input that fails");
      const problems: Problems = [];
      for (const { name, input } of failing) problems.push(readableError(shown(name, input), await tryCall(subject.client, name, input)));
      report(problems);
    },
  },
  {
    id: "prototype-keys",
    because: 'A copied "__proto__" key becomes the prototype of whatever the handler builds, and so a property that nobody set.',
    async check({ client, definition, samples }) {
      const [name] = definition.tools.keys();
      if (name === undefined) notExercised("this server has no tools");
      const input = samples.tools?.[name]?.valid[0] ?? {};
      const hostile = ['"__proto__":{"polluted":1}', '"deep":{"__proto__":{"polluted":1}}', '"constructor":{"prototype":{"polluted":1}}'];
      const problems: Problems = [];
      for (const member of hostile) {
        // Parsed, because in source text "__proto__" would set the prototype instead of a key.
        const call = client.call(name, { ...input, ...(JSON.parse(`{${member}}`) as Input) });
        problems.push(await invalidParams(`${name} with {${member}}`, call));
      }
      if ("polluted" in {}) problems.push("Object.prototype has a new property after that: every object of the process has it.");
      report(problems);
    },
  },
  {
    id: "read-only-repeats",
    because: "Clients call a read-only tool again as they please, after a lost answer or to refresh: it must not have changed anything.",
    async check(subject) {
      let compared = 0;
      await eachSampled(subject, async (name, { valid, varies }, tool) => {
        if (tool.annotations?.readOnlyHint !== true || varies) return [];
        const problems: Problems = [];
        for (const input of valid) {
          const [first, second] = [await tryCall(subject.client, name, input), await tryCall(subject.client, name, input)];
          compared += 1;
          if (!isDeepStrictEqual(first.result?.data, second.result?.data)) {
            problems.push(`${shown(name, input)} is read-only and answered differently the second time. If that is meant, its samples say varies: true.`);
          }
        }
        return problems;
      });
      if (compared === 0) notExercised("no read-only tool that answers the same twice");
    },
  },
  {
    id: "read-only-silent",
    because: "A change makes every subscriber read again: a lookup that announces one is a loop between client and server.",
    async check(subject) {
      const { definition, samples } = subject;
      if (definition.changes === undefined) notExercised("this server announces no changes");
      const heard: string[] = [];
      const client = await subject.connect({ onNotification: (method) => method.endsWith("d") && heard.push(method) });
      const { result: listed = [] } = definition.resources.size > 0 ? { result: await client.resources() } : {};
      const uris = [...listed.map(({ uri }) => String(uri)), ...(samples.resources?.read ?? [])];
      const found = uris.filter((uri) => findResource(definition.resources.values(), uri)?.[0].subscribe === true);
      const heeded = await attempt(client.subscribe(found.slice(0, 20)));
      if (!("result" in heeded)) notExercised("the server refused the subscription");
      await sleep(20);
      heard.length = 0;
      let called = 0;
      for (const [name, { valid }] of Object.entries(samples.tools ?? {})) {
        if (definition.tools.get(name)?.annotations?.readOnlyHint !== true) continue;
        for (const input of valid) await tryCall(client, name, input);
        called += 1;
      }
      if (called === 0) notExercised("no sample for a read-only tool");
      // Announcements have a way of their own to the client; this is how long they take on any wire, and more.
      await sleep(40);
      if (heard.length > 0) report([`Calling only read-only tools announced ${[...new Set(heard)].join(", ")}.`]);
    },
  },
];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Inputs that the schema refuses: without a required field, and with a value of a type that a field cannot have. */
export function* spoil(schema: unknown, base: Input): Generator<{ what: string; input: Input; field?: string }> {
  const { required = [], properties = {} } = (schema ?? {}) as { required?: string[]; properties?: Record<string, { type?: unknown }> };
  for (const field of required) {
    const { [field]: _, ...input } = base;
    yield { what: `without "${field}"`, input, ...(Object.hasOwn(base, field) || required.length === 1 ? { field } : {}) };
  }
  for (const [field, { type }] of Object.entries(properties)) {
    if (typeof type !== "string" || type === "null") continue;
    const value = type === "object" ? "no object" : { no: type };
    yield { what: `with ${JSON.stringify(value)} as "${field}"`, input: { ...base, [field]: value }, field };
  }
}
