import { isDeepStrictEqual } from "node:util";
import { fail } from "../../../core/src/contract/errors.ts";
import type { Eval, Scenario } from "../../../core/src/evals/index.ts";
import { judge } from "../../../core/src/evals/judge.ts";
import { play } from "../../../core/src/evals/play.ts";
import type { Tool } from "../../../core/src/index.ts";
import { make } from "../../../core/src/testing/check.ts";

/** A tool whose answers are wrong in one way. */
interface Mutant {
  tool: string;
  /** `notes[].id: another` */
  what: string;
  change: (data: unknown) => unknown;
}

/** What may be wrong with a value, whatever it means; a text alone is judged with the others. */
function breaksOf(path: string, value: unknown): [what: string, change: (value: never) => unknown][] {
  if (Array.isArray(value))
    return value.length === 0 ? [] : [["without the first", (list: unknown[]) => list.slice(1)]];
  if (typeof value === "number") return [["one more", (number: number) => number + 1]];
  if (typeof value === "boolean") return [["the opposite", (is: boolean) => !is]];
  // Another that a schema takes, too.
  if (typeof value === "string" && /(?:^|[._])id$/.test(path)) return [["another", (id: string) => `${id}9`]];
  return [];
}

/** Every value within another, with the names that lead to it; `[]` stands for any item. */
function* within(value: unknown, path = ""): Generator<[path: string, value: unknown]> {
  yield [path, value];
  if (Array.isArray(value)) for (const item of value) yield* within(item, `${path}[]`);
  else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value)) yield* within(item, path === "" ? key : `${path}.${key}`);
}

/** A copy in which what stands at a path is changed, in every item. */
function changeAt(value: unknown, wanted: string, change: (value: never) => unknown, path = ""): unknown {
  const copy = Array.isArray(value)
    ? value.map((item) => changeAt(item, wanted, change, `${path}[]`))
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value).map(([key, item]) => [
            key,
            changeAt(item, wanted, change, path === "" ? key : `${path}.${key}`),
          ]),
        )
      : value;
  return path === wanted && breaksOf(path, value).length > 0 ? change(copy as never) : copy;
}

const blank = (value: unknown): unknown => {
  if (typeof value === "string") return "";
  if (Array.isArray(value)) return value.map(blank);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, blank(item)]));
};

const isCalled = ({ given = [], steps }: Scenario, tool: string): boolean =>
  [...given, ...steps].some(({ call }) => call === tool);

/** An eval on servers whose handlers' data goes through `change`. */
const changed = (definition: Eval, change: (tool: string, data: unknown) => unknown): Eval => ({
  ...definition,
  async server() {
    const prepared = await make(definition.server);
    const tools = [...prepared.server.tools].map(([name, tool]): [string, Tool] => {
      const handler: Tool["handler"] = async (input, call) => {
        const reply = (await tool.handler(input, call)) as { data?: unknown; content?: unknown };
        const isWithContent = Array.isArray(reply?.content) && reply.data !== undefined;
        return isWithContent ? { ...reply, data: change(name, reply.data) } : change(name, reply);
      };
      return [name, { ...tool, handler }];
    });
    return { ...prepared, server: { ...prepared.server, tools: new Map(tools) } };
  },
});

/** Every mutant of the tools that scenarios call, as the answers in them suggest. */
async function mutantsOf(definition: Eval): Promise<Mutant[]> {
  const found = new Map<string, Mutant>();
  const add = (tool: string, what: string, change: Mutant["change"]) =>
    found.set(`${tool} ${what}`, { tool, what, change });
  const watched = changed(definition, (tool, data) => {
    add(tool, "refused", () => fail("That is not possible."));
    if (!isDeepStrictEqual(blank(data), data)) add(tool, "texts that are empty", blank);
    for (const [path, value] of within(data))
      for (const [what, change] of breaksOf(path, value))
        add(tool, `${path}: ${what}`, (whole) => changeAt(whole, path, change));
    return data;
  });
  for (const scenario of definition.scenarios) await play(watched, scenario, "2026");
  return [...found.values()];
}

/** What may be wrong with a server while all scenarios pass: `list_notes notes: without the first`. */
export async function survivors(definition: Eval): Promise<string[]> {
  const { server, close } = await make(definition.server);
  await close?.();
  const mutants = await mutantsOf(definition);
  const survived = [...server.tools.keys()]
    .filter((tool) => !mutants.some((mutant) => mutant.tool === tool))
    .map((tool) => `${tool} anything: no scenario calls it`);
  for (const { tool, what, change } of mutants) {
    const broken = changed(definition, (name, data) => (name === tool ? change(data) : data));
    let seen = false;
    for (const scenario of definition.scenarios)
      if (!seen && isCalled(scenario, tool)) seen = judge(scenario, await play(broken, scenario, "2026")).length > 0;
    if (!seen) survived.push(`${tool} ${what}`);
  }
  return survived;
}
