import { usesIn } from "./fill.ts";
import type { Eval, Expectation, Scenario } from "./scenario.ts";

/**
 * Returns its argument.
 *
 * @throws Error naming a scenario that could not fail, that has the name of another or a key that is none, or that uses
 *   an answer nobody kept
 * @example
 * export default defineEval({
 *   name: "notes",
 *   server: () => ({ server: notesServer(createMemoryNotes()) }),
 *   scenarios: [
 *     {
 *       name: "a note that was written can be read",
 *       kind: "golden",
 *       steps: [
 *         { call: "create_note", input: { title: "Milk", body: "2 litres" }, as: "note" },
 *         { call: "get_note", input: { id: "{note.id}" }, expect: { text: ["2 litres"] } },
 *       ],
 *     },
 *   ],
 * });
 */
export function defineEval(definition: Eval): Eval {
  const { name, scenarios } = definition;
  if (scenarios.length === 0) throw new Error(`The eval "${name}" has no scenario.`);
  const seen = new Set<string>();
  for (const scenario of scenarios) {
    const wrong = seen.has(scenario.name) ? "has the name of another" : problemOf(scenario);
    if (wrong !== undefined) throw new Error(`${name}: the scenario "${scenario.name}" ${wrong}.`);
    seen.add(scenario.name);
  }
  return definition;
}

const KEYS = {
  scenario: ["name", "kind", "task", "given", "steps", "mustNotCall", "says", "user"],
  step: ["call", "read", "input", "as", "by", "expect"],
  expect: ["text", "notText", "data", "refused", "state"],
  says: ["text", "notText"],
};

/** What is written wrongly would otherwise never be asked for, and types are not looked at when a file is run. */
function strangeKeyOf(scenario: Scenario): string | undefined {
  const strange = (what: keyof typeof KEYS, value: object = {}): string[] =>
    Object.keys(value).flatMap((key) => (KEYS[what].includes(key) ? [] : [`has "${key}", which no ${what} has`]));
  const steps = [...(scenario.given ?? []), ...scenario.steps];
  return [
    ...strange("scenario", scenario),
    ...strange("says", scenario.says),
    ...steps.flatMap((step) => [...strange("step", step), ...strange("expect", step.expect)]),
  ][0];
}

function problemOf(scenario: Scenario): string | undefined {
  const { kind, given = [], steps, mustNotCall = [] } = scenario;
  if (!Array.isArray(steps) || !Array.isArray(given)) return "has no list of steps";
  if (kind !== "golden" && kind !== "adversarial") return "is neither golden nor adversarial";
  const strange = strangeKeyOf(scenario);
  if (strange !== undefined) return strange;
  const all = [...given, ...steps];
  const kept = new Set<string>();
  const used = new Set<string>();
  for (const { call, read, input, as, expect } of all) {
    if ((call === undefined) === (read === undefined)) return "has a step that is not either a call or a read";
    for (const use of usesIn([read, input, expect])) {
      if (!kept.has(use)) return `uses {${use}…} before a step keeps an answer as "${use}"; doubled braces are text`;
      used.add(use);
    }
    if (as !== undefined && kept.has(as)) return `keeps two answers as "${as}"`;
    if (as !== undefined) kept.add(as);
    if (expect?.state !== undefined && expect.state !== "same" && expect.state !== "changed")
      return `expects a state that is neither "same" nor "changed"`;
    if (expect?.refused?.length === 0) return "expects a refusal that says nothing: name what it must tell the model";
    if (expect?.refused !== undefined && expect.data !== undefined)
      return "expects both a refusal and data, and no call has both";
  }
  const unused = [...kept].find((name) => !used.has(name));
  if (unused !== undefined) return `keeps an answer as "${unused}" that no step uses`;
  if (steps.some(({ call }) => call !== undefined && mustNotCall.includes(call)))
    return "has a step with a call that must not be made";
  if (!steps.some(({ expect }) => expect !== undefined && saysWhatIsThere(expect)))
    return "cannot fail: no step says what its answer must have";
  return undefined;
}

/** What must not be there is not there in an empty answer either. */
const saysWhatIsThere = ({ text = [], data, refused }: Expectation): boolean =>
  text.length > 0 || data !== undefined || refused !== undefined;
