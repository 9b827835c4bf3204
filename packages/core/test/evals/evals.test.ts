import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  baselineOf,
  compareWithBaseline,
  defineEval,
  evalPage,
  type Model,
  readEvalsLock,
  runEval,
  type Scenario,
  type Situation,
  wilsonLowerBound,
} from "../../src/evals/index.ts";
import { shelfEval } from "./shelf.evals.ts";
import { openShelf, type Worse } from "./shelf.ts";

const failedOf = async (worse?: Worse) =>
  (await runEval(shelfEval(worse))).scenarios.filter(({ passed }) => passed === 0).map(({ name }) => name);

const evalOf = (...scenarios: Scenario[]) => defineEval({ name: "shelf", server: () => openShelf(), scenarios });
const added = { call: "add_book", input: { title: "Emma", author: "x" } };

test("a server that does as it must passes every scenario in both eras", async () => {
  const result = await runEval(shelfEval());
  expect(result.scenarios.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(result).toMatchObject({
    eval: "shelf",
    runs: 1,
    passed: 5,
    tried: 5,
    score: 0.5655,
    skipped: [],
    uncalled: [],
  });
});

test("a tool that no scenario calls is named, in the page too", async () => {
  const all = shelfEval();
  const result = await runEval({
    ...all,
    scenarios: all.scenarios.filter(({ steps }) => steps[0]?.call !== "remove_book"),
  });
  expect(result.uncalled).toEqual(["remove_book"]);
  const comparison = { worse: [], other: [] };
  expect(evalPage([{ result, comparison, records: [] }], new Date())).toContain("No scenario calls: remove_book.");
  const whole = await runEval(all);
  expect(evalPage([{ result: whole, comparison, records: [] }], new Date())).not.toContain("No scenario calls");
});

test.each<[keyof Worse, string[]]>([
  ["everyones", ["what one caller has put there is not another's"]],
  ["noAuthor", ["a book is found by the id it was given"]],
  [
    "curt",
    [
      "a book that nobody has is refused with the way to those that are there",
      "what one caller has put there is not another's",
    ],
  ],
  ["eager", ["a user who does not agree keeps the book"]],
])("a server made worse (%s) fails the scenarios that it is worse in, by name", async (worse, names) => {
  expect(await failedOf({ [worse]: true })).toEqual(names);
  const before = baselineOf(await runEval(shelfEval()));
  const { worse: lines } = compareWithBaseline(await runEval(shelfEval({ [worse]: true })), before, false);
  for (const name of names) expect(lines).toContain(`${name}: passed 1 of 1, now 0 of 1`);
});

describe("a scenario that cannot fail", () => {
  const scenario = (steps: Scenario["steps"], more: Partial<Scenario> = {}): Scenario => ({
    name: "one",
    kind: "golden",
    steps,
    ...more,
  });

  test.each<[string, Scenario, RegExp]>([
    ["asks for nothing", scenario([added]), /cannot fail: no step says/],
    ["names only what must be absent", scenario([{ ...added, expect: { notText: ["x"] } }]), /cannot fail/],
    ["expects any refusal", scenario([{ call: "find_book", expect: { refused: [] } }]), /refusal that says nothing/],
    ["calls and reads", scenario([{ ...added, read: "a:b" }]), /not either a call or a read/],
    ["keeps what it never uses", scenario([{ ...added, as: "book" }]), /"book" that no step uses/],
    [
      "uses what is kept later",
      scenario([
        { call: "find_book", input: { id: "{book.id}" }, expect: { text: ["x"] } },
        { ...added, as: "book" },
      ]),
      /uses \{book…\} before/,
    ],
    [
      "uses what nobody keeps",
      scenario([{ call: "find_book", input: { id: "{book.id}" }, expect: { refused: ["b1"] } }]),
      /uses \{book…\} before a step keeps/,
    ],
    [
      "has a misspelt expectation",
      scenario([{ ...added, expect: { text: ["Emma"], notTxet: ["x"] } as never }]),
      /has "notTxet", which no expect has/,
    ],
    ["has a misspelt step", scenario([{ ...added, inputs: {}, expect: { text: ["x"] } } as never]), /"inputs"/],
    ["has a misspelt member", scenario([{ ...added, expect: { text: ["x"] } }], { mustNot: [] } as never), /"mustNot"/],
    ["has no kind", scenario([{ ...added, expect: { text: ["x"] } }], { kind: "gold" as never }), /neither golden/],
    [
      "expects a state that is none",
      scenario([{ ...added, expect: { text: ["x"], state: "unchanged" as never } }]),
      /expects a state/,
    ],
    [
      "must not call what it calls",
      scenario([{ ...added, expect: { text: ["x"] } }], { mustNotCall: ["add_book"] }),
      /must not be made/,
    ],
  ])("is refused when it %s", (_what, one, message) => {
    expect(() => evalOf(one)).toThrow(message);
    expect(() => evalOf(one)).toThrow(/^shelf: the scenario "one" /);
  });

  test.each<[string, Scenario["steps"], string]>([
    ["an empty text", [{ ...added, expect: { text: [""] } }], "empty answers and with answers of another scenario"],
    [
      "data without members",
      [{ ...added, expect: { data: {} } }],
      "empty answers and with answers of another scenario",
    ],
    [
      "what a fault of the server says",
      [{ call: "find_book", input: { id: "b9" }, expect: { refused: ["id"] } }],
      "a fault of the server",
    ],
    [
      "a refusal of any kind",
      [{ call: "find_book", input: { id: "b9" }, expect: { refused: [" "] } }],
      "refusals and with a fault of the server",
    ],
  ])("counts as failed when the judge accepts %s", async (_what, steps, accepted) => {
    const { scenarios } = await runEval(
      evalOf(scenario(steps), {
        ...scenario([{ ...added, input: { title: "Ulysses", author: "y" }, expect: { text: ["Ulysses"] } }]),
        name: "two",
      }),
    );
    expect(scenarios).toMatchObject([
      { passed: 0, wrong: [`it cannot fail: it also passes with ${accepted}`] },
      { passed: 1 },
    ]);
  });
});

test("two scenarios of one name, and a place that an answer does not have, are named", async () => {
  const one: Scenario = { name: "one", kind: "golden", steps: [{ ...added, expect: { text: ["Emma"] } }] };
  expect(() => evalOf(one, one)).toThrow(/"one" has the name of another/);
  const steps = [
    { ...added, as: "book" },
    { call: "find_book", input: { id: "{book.ids.0}" }, expect: { text: ["Emma"] } },
  ];
  const { scenarios } = await runEval(evalOf({ ...one, steps }));
  expect(scenarios[0]?.wrong[0]).toBe('2025: {book.ids.0}: the answer kept as "book" has no ids.0');
});

test("a tool that is not there fails its scenario, unless the refusal must name it", async () => {
  const named = (name: string, more: Partial<Scenario>): Scenario => ({
    name,
    kind: "adversarial",
    steps: [],
    ...more,
  });
  const wanted = { text: ["Emma"] };
  const { scenarios } = await runEval(
    evalOf(
      named("misspelt", { steps: [{ call: "ad_book", expect: { refused: ["not"] } }] }),
      named("meant", { steps: [{ call: "burn_book", expect: { refused: ["burn_book"] } }] }),
      named("misspelt ban", { steps: [{ ...added, expect: wanted }], mustNotCall: ["remove_bok"] }),
    ),
  );
  expect(scenarios.map(({ wrong: [first = ""] }) => first.slice(0, 40))).toEqual([
    expect.stringContaining('there is no tool "ad_book"'),
    "",
    expect.stringContaining('there is no tool "remove_bok"'),
  ]);
});

test("an eval that was made without defineEval is looked at all the same", async () => {
  const one: Scenario = { name: "one", kind: "golden", steps: [added] };
  const bare = { name: "shelf", server: () => openShelf(), scenarios: [one] };
  await expect(runEval(bare)).rejects.toThrow(/cannot fail/);
});

describe("a lock of evals", () => {
  const read = (text: string) => {
    const file = join(mkdtempSync(join(tmpdir(), "offshoot-evals-")), "evals.lock.json");
    writeFileSync(file, text);
    return readEvalsLock(file);
  };

  test("is read as it was written, whatever the scenarios are called", () => {
    const names = ["__proto__", "constructor", 'a "b": c', '{"x": 1}'];
    const scenarios = Object.fromEntries(names.map((name) => [name, 1]));
    const lock = { shelf: { runs: 1, score: 0.5101, scenarios } };
    expect(JSON.stringify(read(JSON.stringify(lock)))).toBe(JSON.stringify(lock));
  });

  test.each([
    ["a scenario twice", '{"a":{"runs":1,"score":0.2065,"scenarios":{"x":1,"x":1}}}', /a key twice/],
    ["a score that its scenarios do not give", '{"a":{"runs":1,"score":0.1,"scenarios":{"x":1}}}', /not a lock/],
    ["more passed than runs", '{"a":{"runs":1,"score":0.2065,"scenarios":{"x":2}}}', /not a lock/],
    ["runs below zero", '{"a":{"runs":-1,"score":0,"scenarios":{}}}', /not a lock/],
    ["a list", "[]", /not a lock/],
  ])("with %s is refused with the way to write it again", (_what, text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(/npx create-offshoot eval --update/);
  });
});

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3; the others from an independent implementation.
test.each([
  [81, 263, 0.2553],
  [15, 148, 0.0624],
  [0, 20, 0],
  [1, 29, 0.0061],
  [1, 1, 0.20654329147389294],
  [1, 2, 0.09452865480086611],
  [1, 11, 0.016231752262825982],
  [90, 100, 0.8256326956323345],
  [100, 100, 0.9630051925239981],
])("the lower bound for %i of %i is %d, as published", (passed, tried, bound) => {
  expect(wilsonLowerBound(passed, tried)).toBeCloseTo(bound, bound === 0 || String(bound).length > 6 ? 12 : 4);
});

describe("with a model", () => {
  /** Does what a list says, and then speaks. */
  const scripted = (plan: (situation: Situation) => ReturnType<Model["next"]>): Model => ({ name: "fake", next: plan });
  const careful = scripted(async ({ task, tools, turns }) => {
    expect(tools.map(({ name }) => name)).toContain("add_book");
    if (task.startsWith("Throw")) {
      if (turns.length > 0) return { says: "Nothing was removed." };
      return { calls: [{ tool: "remove_book", input: { id: "b1" } }] };
    }
    if (turns.length === 0) return { calls: [{ tool: "add_book", input: { title: "Emma", author: "Jane Austen" } }] };
    if (turns.length === 1) return { calls: [{ tool: "find_book", input: { id: "b1" } }] };
    return { says: "It is by Jane Austen." };
  });

  test("the scenarios with a task are its to do, and those without are skipped by name", async () => {
    const result = await runEval(shelfEval(), { model: careful, runs: 2 });
    expect(result).toMatchObject({ eval: "shelf with fake", runs: 2, passed: 4, tried: 4 });
    expect(result.skipped).toHaveLength(3);
  });

  test.each<[string, (situation: Situation) => ReturnType<Model["next"]>, RegExp]>([
    ["calls nothing", async () => ({ says: "Done, by Austen." }), /add_book was not called as it must be/],
    ["never ends", async () => ({ calls: [{ tool: "find_book", input: { id: "b1" } }] }), /did not end within 20/],
    [
      "has another argument",
      async ({ turns }) =>
        turns.length > 0
          ? { says: "Austen" }
          : { calls: [{ tool: "add_book", input: { title: "Emma", author: "Anyone" } }] },
      /add_book was not called as it must be/,
    ],
    [
      "calls what it must not",
      async ({ turns }) =>
        turns.length > 0 ? { says: "" } : { calls: [{ tool: "add_book", input: { title: "A", author: "B" } }] },
      /add_book was called, and must not be/,
    ],
    ["gives no calls", async () => ({}) as never, /gave neither/],
    ["gives nothing", async () => undefined as never, /gave neither/],
    ["gives a call without input", async () => ({ calls: [{ tool: "add_book" }] }) as never, /gave neither/],
    ["gives a list as input", async () => ({ calls: [{ tool: "add_book", input: [] }] }) as never, /gave neither/],
    ["throws", () => Promise.reject(new Error("no credit left")), /no credit left/],
    [
      "calls a tool that is not there",
      async ({ turns }) => (turns.length > 0 ? { says: "" } : { calls: [{ tool: "none", input: {} }] }),
      /add_book was not called/,
    ],
    ["says the wrong thing", async () => ({ says: "By Brontë." }), /no "Austen" in/],
  ])("a model that %s fails", async (_what, plan, message) => {
    const { scenarios } = await runEval(shelfEval(), { model: scripted(plan) });
    expect(scenarios.flatMap(({ wrong }) => wrong).join("\n")).toMatch(message);
  });

  test("a share within the baseline's confidence is no regression, and one below it is", async () => {
    const result = await runEval(shelfEval(), { model: careful, runs: 2 });
    const [first, second] = result.scenarios;
    const of = (...passed: number[]) => ({
      ...result,
      runs: 10,
      tried: 20,
      passed: passed.reduce((sum, one) => sum + one, 0),
      scenarios: [first, second].map((one, at) => ({ ...one, passed: passed[at] })) as typeof result.scenarios,
    });
    const before = { ...baselineOf(of(10, 10)), score: wilsonLowerBound(20, 20) };
    expect(compareWithBaseline(of(9, 9), before, true).worse).toEqual([]);
    expect(compareWithBaseline(of(10, 7), before, true).worse).toEqual([
      "a user who does not agree keeps the book: passed 10 of 10, now 7 of 10",
    ]);
    expect(compareWithBaseline(of(8, 8), before, true).worse).toEqual(["all together: 80.0 % passed, and 83.9 % must"]);
    expect(() => compareWithBaseline({ ...of(9, 9), runs: 3 }, before, true)).toThrow(/use --runs 10/);
  });
});

test("runs without a model are refused: they would all be the same", async () => {
  await expect(runEval(shelfEval(), { runs: 3 })).rejects.toThrow(/Without a model/);
});

test("a scenario that is gone is worse, a new one that passes is not", async () => {
  const result = await runEval(shelfEval());
  const [gone, ...rest] = result.scenarios;
  const before = baselineOf({ ...result, scenarios: rest });
  expect(compareWithBaseline(result, before, false)).toEqual({
    worse: [],
    other: [`${gone?.name}: new, now 1 of 1`],
  });
  const now = { ...result, scenarios: rest };
  expect(compareWithBaseline(now, baselineOf(result), false).worse).toEqual([`${gone?.name}: is gone`]);
});
