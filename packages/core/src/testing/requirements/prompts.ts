import { ErrorCode } from "../../contract/errors.ts";
import { attempt, describe, invalidParams, names } from "./attempt.ts";
import { nameProblem } from "./names.ts";
import { notExercised, type Requirement, report, type Subject } from "./requirement.ts";
import { isText } from "./tools.ts";

interface Listed {
  name: string;
  title?: unknown;
  description?: unknown;
  arguments?: { name: string; description?: unknown; required?: boolean | undefined }[] | undefined;
}

async function listedPrompts({ client, definition }: Subject): Promise<Listed[]> {
  if (definition.prompts.size === 0) notExercised("this server has no prompts");
  return (await client.prompts()) as unknown as Listed[];
}

const requiredArguments = (prompt: Listed): string[] =>
  (prompt.arguments ?? []).filter(({ required }) => required === true).map(({ name }) => name);

/** Sampled arguments of a prompt; one that needs none is its own sample. */
function samplesOf({ samples }: Subject, prompt: Listed): readonly Record<string, string>[] {
  return samples.prompts?.[prompt.name] ?? (requiredArguments(prompt).length === 0 ? [{}] : []);
}

/** Requirements on prompts, and on completion, which serves them and resource templates. */
export const promptRequirements: readonly Requirement[] = [
  {
    id: "prompts-described",
    because:
      "Clients turn a prompt into a form for people: title, description and arguments are all that the form can say.",
    async check(subject) {
      report(
        (await listedPrompts(subject)).flatMap(({ name, title, description, arguments: fields = [] }) => [
          nameProblem("prompt", name),
          isText(title) && isText(description) ? undefined : `The prompt ${name} needs a title and a description.`,
          ...fields.map((field) =>
            isText(field.description)
              ? undefined
              : `The argument ${field.name} of the prompt ${name} has no description.`,
          ),
        ]),
      );
    },
  },
  {
    id: "prompt-messages",
    because: "A prompt that gives nothing starts a conversation about nothing.",
    async check(subject) {
      const problems: string[] = [];
      const bare: string[] = [];
      for (const prompt of await listedPrompts(subject)) {
        const inputs = samplesOf(subject, prompt);
        if (inputs.length === 0) bare.push(prompt.name);
        for (const input of inputs) {
          const answer = await attempt(subject.client.prompt(prompt.name, input));
          const messages = answer.result?.messages ?? [];
          const sound = messages.every(
            ({ role, content }) => /^(user|assistant)$/.test(role) && (content.type !== "text" || isText(content.text)),
          );
          if (messages.length === 0)
            problems.push(`${prompt.name}(${JSON.stringify(input)}) must give messages; it got ${describe(answer)}.`);
          else if (!sound)
            problems.push(`${prompt.name}(${JSON.stringify(input)}) gives a message without a role or without text.`);
        }
      }
      report(problems);
      if (bare.length > 0) notExercised(`no sample for ${bare.join(", ")}`);
    },
  },
  {
    id: "prompt-arguments",
    because:
      'A form sent too early must come back with the field that is missing; otherwise the model reads "undefined" where a person left a gap.',
    async check(subject) {
      const problems: string[] = [];
      let tried = 0;
      for (const prompt of await listedPrompts(subject)) {
        const [base = {}] = samplesOf(subject, prompt);
        for (const field of requiredArguments(prompt)) {
          const { [field]: _, ...input } = base;
          const answer = await attempt(subject.client.prompt(prompt.name, input));
          const refused = answer.refusal?.code === ErrorCode.invalidParams && names(answer.refusal.message, field);
          tried += 1;
          if (!refused)
            problems.push(
              `${prompt.name} without "${field}" must be refused with -32602 and name it; it got ${describe(answer)}.`,
            );
        }
      }
      report(problems);
      if (tried === 0) notExercised("no prompt has a required argument");
    },
  },
  {
    id: "unknown-prompt",
    because:
      "Lists age in a client's menu: asking for a prompt that is gone is the client's error, and -32602 has it list again.",
    async check({ client, definition }) {
      if (definition.prompts.size === 0) notExercised("this server has no prompts");
      report([await invalidParams("An unknown prompt", client.prompt("offshoot_no_such_prompt"))]);
    },
  },
  {
    id: "completion-bounded",
    because:
      "Suggestions go into a menu: the specification allows 100, and a menu that says a thing twice or offers no text is broken.",
    async check({ client, definition: { prompts, resources } }) {
      const completing = [
        ...[...prompts.values()].map(
          ({ name, complete }) => [{ type: "ref/prompt" as const, name }, complete] as const,
        ),
        ...[...resources.values()].map(
          ({ uri, complete = {} }) => [{ type: "ref/resource" as const, uri }, complete] as const,
        ),
      ].flatMap(([ref, complete]) => Object.keys(complete).map((name) => ({ ref, name })));
      if (completing.length === 0) notExercised("nothing here completes");
      const problems: string[] = [];
      for (const { ref, name } of completing) {
        const what = `Completing ${name} of ${"uri" in ref ? ref.uri : ref.name}`;
        const answer = await attempt(client.complete(ref, { name, value: "" }));
        if (answer.result === undefined) {
          problems.push(`${what} must give values; it got ${describe(answer)}.`);
          continue;
        }
        const values: unknown[] = answer.result;
        if (values.length > 100) problems.push(`${what} gives ${values.length} values; 100 is the most.`);
        if (values.some((value) => typeof value !== "string")) problems.push(`${what} gives values that are no text.`);
        if (new Set(values).size < values.length) problems.push(`${what} gives a value twice.`);
      }
      report(problems);
    },
  },
];
