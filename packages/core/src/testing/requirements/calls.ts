import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { findResource } from "../../call/methods/resources.ts";
import { attempt, describe, tryCall } from "./attempt.ts";
import { notExercised, type Requirement, report } from "./requirement.ts";
import { eachResult, eachSampled, type Problems, readableError, showCall } from "./sampled.ts";
import { mismatch } from "./schemas.ts";
import { listedTools } from "./tools.ts";

/** Requirements on tool calls, made with the samples. */
export const callRequirements: readonly Requirement[] = [
  {
    id: "valid-input",
    because: "A tool that fails on its author's own examples will fail on whatever a model makes up.",
    check: (subject) =>
      eachSampled(subject, async (name, { valid }) => {
        const problems: Problems = [];
        for (const input of valid) {
          const answer = await tryCall(subject.client, name, input);
          if (answer.result === undefined || answer.result.isError)
            problems.push(`${showCall(name, input)} must succeed; it got ${describe(answer)}.`);
        }
        return problems;
      }),
  },
  {
    id: "output-fits-schema",
    because:
      "The server does not notice, the client does: it checks the data against the listed schema and throws the whole result away.",
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
    because:
      "Many clients hand only the text to the model: where it says something else than the data, the model knows the wrong thing.",
    check: (subject) =>
      eachResult(subject, ({ content, data }, tool) => {
        if (tool.toText !== undefined) return undefined;
        const first = content.find((block) => block.type === "text")?.text ?? "";
        return isDeepStrictEqual(parseText(first), data)
          ? undefined
          : `The text of ${tool.name} is not its data as JSON.`;
      }),
  },
  {
    id: "failing-input",
    because:
      "An expected failure is the model's next step: its text says what to do, and a masked one says only that a log should be read.",
    async check(subject) {
      const failing = Object.entries(subject.samples.tools ?? {}).flatMap(([name, of]) =>
        (of.failing ?? []).map((input) => ({ name, input })),
      );
      if (failing.length === 0) notExercised("no sample of an input that fails");
      const problems: Problems = [];
      for (const { name, input } of failing)
        problems.push(readableError(showCall(name, input), await tryCall(subject.client, name, input)));
      report(problems);
    },
  },
  {
    id: "read-only-repeats",
    because:
      "Clients call a read-only tool again as they please, after a lost answer or to refresh: it must not have changed anything.",
    async check(subject) {
      let compared = 0;
      await eachSampled(subject, async (name, { valid, varies }, tool) => {
        const comparable = tool.annotations?.readOnlyHint === true && !varies;
        const problems: Problems = [];
        for (const input of valid) {
          // The others are called for what later samples build on.
          if (!comparable) {
            await tryCall(subject.client, name, input);
            continue;
          }
          const [first, second] = [
            await tryCall(subject.client, name, input),
            await tryCall(subject.client, name, input),
          ];
          compared += 1;
          if (!isDeepStrictEqual(first.result?.data, second.result?.data)) {
            problems.push(
              `${showCall(name, input)} is read-only and answered differently the second time. If that is meant, its samples say varies: true.`,
            );
          }
        }
        return problems;
      });
      if (compared === 0) notExercised("no read-only tool that answers the same twice");
    },
  },
  {
    id: "read-only-silent",
    because:
      "A change makes every subscriber read again: a lookup that announces one is a loop between client and server.",
    async check(subject) {
      const { definition, samples } = subject;
      if (definition.changes === undefined) notExercised("this server announces no changes");
      const heard: string[] = [];
      const client = await subject.connect({
        onNotification: (method) => /\/(?:updated|list_changed)$/.test(method) && heard.push(method),
      });
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

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
