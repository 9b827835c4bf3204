import type { Expectation, Scenario, Step } from "./scenario.ts";
import type { Answer, Transcript } from "./transcript.ts";

/** What did not happen as it must, a line each; none for a scenario that passed. */
export function judge(scenario: Scenario, { played, says, broken }: Transcript): string[] {
  const { given = [], steps, mustNotCall = [] } = scenario;
  const wrong = played.flatMap(({ step, answer }) => (step === undefined ? [] : judgeAnswer(step, answer)));
  const done = played.filter(({ step }) => step !== undefined).length;
  const missing = [...given, ...steps].slice(done).map((step) => `${nameOf(step)} was not called as it must be`);
  const forbidden = played
    .filter(({ call, step }) => step === undefined && mustNotCall.includes(call))
    .map(({ call }) => `${call} was called, and must not be`);
  const words = says === undefined ? [] : texts("the last words", says, scenario.says ?? {});
  return [...wrong, ...(broken === undefined ? missing : [broken]), ...forbidden, ...words];
}

const nameOf = ({ call, read }: Step): string => call ?? `read ${read}`;

function judgeAnswer(step: Step, { text, data, refused, same }: Answer): string[] {
  const name = nameOf(step);
  const { refused: refusal, state, data: wanted, ...rest } = step.expect ?? {};
  if (refusal !== undefined && !refused) return [`${name} was answered, and must be refused: ${quote(text)}`];
  if (refusal === undefined && refused) return [`${name} was refused: ${quote(text)}`];
  const effects =
    state === undefined || same === (state === "same")
      ? []
      : [`${name}: what the server keeps ${same === undefined ? "is not known" : same ? "is the same" : "changed"}`];
  return [
    ...texts(name, text, { text: [...(refusal ?? []), ...(rest.text ?? [])] }),
    // What must not be seen is looked for in both channels.
    ...texts(name, `${text}\n${JSON.stringify(data) ?? ""}`, { notText: rest.notText }),
    ...(wanted === undefined || covers(data, wanted)
      ? []
      : [`${name}: the data is not ${quote(JSON.stringify(wanted))}: ${quote(JSON.stringify(data) ?? "none")}`]),
    ...effects,
  ];
}

function texts(name: string, said: string, { text = [], notText = [] }: Pick<Expectation, "text" | "notText">) {
  return [
    ...text.filter((part) => !said.includes(part)).map((part) => `${name}: no "${part}" in ${quote(said)}`),
    ...notText.filter((part) => said.includes(part)).map((part) => `${name}: "${part}" in ${quote(said)}`),
  ];
}

/** Whether a value has everything that another has: members may be more, items may not. */
export function covers(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(value) && value.length === wanted.length && wanted.every((item, at) => covers(value[at], item))
    );
  if (typeof wanted !== "object" || wanted === null) return Object.is(value, wanted);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(wanted).every(
    ([key, item]) => Object.hasOwn(value, key) && covers((value as Record<string, unknown>)[key], item),
  );
}

/** Enough of a text to see what it is. */
const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
