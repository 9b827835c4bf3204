import { type RecordedCall, readRecorded, replay } from "../recorded.ts";
import { attempt, cut, describe } from "./attempt.ts";
import { notExercised, type Requirement, report, type Subject } from "./requirement.ts";
import type { Problems } from "./sampled.ts";

const RECORD = "run `npx vitest run --mode record` there";

/** Requirements on tools with earlier versions. */
export const versionRequirements: readonly Requirement[] = [
  {
    id: "recorded-versions",
    because:
      "A client that was written for an earlier version must get today the answers that it got then, byte for byte: it cannot be changed with the server.",
    async check(subject) {
      const { definition, recorded: file } = subject;
      const tools = [...definition.tools.values()];
      const recorded = file === undefined ? {} : readRecorded(file);
      const problems: Problems = [];
      for (const { name, earlier } of tools)
        for (const version of earlier?.keys() ?? [])
          if (!shows(recorded[`${name}@${version}`], name, version))
            problems.push(
              `Nothing is recorded of version ${version} of ${name}${file === undefined ? ": name a file (`recorded`), and" : ". To record it,"} check out the release in which it was the current one and ${RECORD}.`,
            );
      for (const [key, session] of Object.entries(recorded)) problems.push(...(await replayAll(subject, key, session)));
      report(problems);
      if (Object.keys(recorded).length === 0) notExercised("no tool has versions");
    },
  },
];

/** A session without an answer of the version itself would pass whatever it does. */
const shows = (session: readonly RecordedCall[] | undefined, name: string, version: string): boolean =>
  session?.some((call) => call.name === name && call.version === version && call.answer !== undefined) === true;

/** On a server of its own: what a session changes is nothing for the next one. */
async function replayAll(
  { definition, fresh }: Subject,
  key: string,
  session: ReturnType<typeof readRecorded>[string],
): Promise<Problems> {
  const [name = "", version = ""] = key.split("@");
  const tool = definition.tools.get(name);
  if (tool?.version !== version && tool?.earlier?.has(version) !== true)
    return [
      `${key} is recorded, and ${tool === undefined ? `there is no tool ${name}` : `${name} has no version ${version}`} any more: clients that speak it fail. Bring it back; or, where a major release has ended it, take it out of the record.`,
    ];
  const client = await fresh();
  for (const call of session) {
    const { result, ...failed } = await attempt(replay(client, call));
    if (call.answer === undefined) continue;
    const what = `${key}(${cut(JSON.stringify(call.arguments))})`;
    if (result === undefined) return [`${what} must answer as it was recorded; it got ${describe(failed)}.`];
    const [was, is] = [JSON.stringify(call.answer), JSON.stringify(result)];
    if (was === is) continue;
    const meant = tool?.version === version ? ` If this is meant, ${RECORD.replace("there ", "")}.` : "";
    return [
      `${what} must answer as it was recorded, byte for byte.\n  recorded: ${cut(was)}\n  now:      ${cut(is)}${meant}`,
    ];
  }
  return [];
}
