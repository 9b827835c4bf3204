import { writeFileSync } from "node:fs";
import { type CheckOptions, make } from "./check.ts";
import { connect } from "./connect.ts";
import { type Recorded, type RecordedCall, readRecorded, replay } from "./recorded.ts";

/**
 * Records what every tool that has a version answers to its valid samples now, in place of what was recorded of that
 * version. Other versions stay as they were recorded when they were the current ones.
 *
 * @throws Error for answers that are not the same twice: no later run could give them again
 */
export async function recordVersions(options: CheckOptions, file: URL | string): Promise<void> {
  const [first, second] = [await recordNow(options), await recordNow(options)];
  for (const [version, session] of Object.entries(first))
    for (const [index, { arguments: input, answer }] of session.entries()) {
      const again = second[version]?.[index]?.answer;
      if (JSON.stringify(answer) !== JSON.stringify(again))
        throw new Error(
          `${version} does not answer the same on two fresh servers, to ${JSON.stringify(input)}: ${JSON.stringify(answer)} and ${JSON.stringify(again)}. Give the test's server a clock and ids that do not change.`,
        );
    }
  writeFileSync(file, recordText({ ...readRecorded(file), ...first }));
}

/** A line for each call, so that a review shows which one changed. */
function recordText(recorded: Recorded): string {
  const sessions = Object.entries(recorded).map(
    ([version, session]) =>
      `  ${JSON.stringify(version)}: [\n${session.map((call) => `    ${JSON.stringify(call)}`).join(",\n")}\n  ]`,
  );
  return `{\n${sessions.join(",\n")}\n}\n`;
}

async function recordNow({ server: given, samples = {}, onElicit, onSample }: CheckOptions): Promise<Recorded> {
  const { server, close } = await make(given);
  const client = await connect(server, { wire: "stdio-2026", onElicit, onSample });
  const recorded: Recorded = {};
  const before: RecordedCall[] = [];
  try {
    for (const [name, { valid }] of Object.entries(samples.tools ?? {})) {
      const version = server.tools.get(name)?.version;
      const shown: RecordedCall[] = [];
      for (const input of valid) {
        const call = { name, version, arguments: { ...input } };
        shown.push({ ...call, answer: await replay(client, call) });
      }
      if (version !== undefined && shown.length > 0) recorded[`${name}@${version}`] = [...before, ...shown];
      // What only reads is nothing to what comes after.
      if (server.tools.get(name)?.annotations?.readOnlyHint !== true)
        before.push(...shown.map(({ answer: _, ...call }) => call));
    }
  } finally {
    await client.close();
    await close?.();
  }
  return recorded;
}
