// Names that every object has from its prototype are names like any other where a user gives them.
import { expect, test } from "vitest";
import { compareContracts } from "../src/contract/compare-contracts.ts";
import { showTables } from "../src/policy/show-tables.ts";
import { changesBetween } from "../src/release/changes.ts";
import { findUnasked } from "../src/update/find-unasked.ts";
import { mergeData } from "../src/update/merge-data.ts";

/** An object with this one key, as `JSON.parse` makes it. */
const having = (key: string, value: unknown): Record<string, unknown> =>
  JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`);
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

for (const name of ["constructor", "toString"]) {
  test(`a scenario, an eval and a setting called ${name} are new where they were not there`, () => {
    const point = (label: string, files: Record<string, unknown>) => ({
      name: label,
      version: "1.0.0",
      read: (path: string) => (Object.hasOwn(files, path) ? bytes(files[path]) : undefined),
      named: (path: string) => (Object.hasOwn(files, path) ? [path] : []),
    });
    const baseline = (scenarios: object) => ({ runs: 1, score: 0.5, scenarios });
    const { evals, configuration } = changesBetween(
      point("v1", { "evals.lock.json": { mine: baseline({}) }, "config.lock.json": { values: {} } }),
      point("v2", {
        "evals.lock.json": { mine: baseline(having(name, 1)) },
        "config.lock.json": { values: having(name, {}) },
      }),
    );
    expect(evals).toEqual({ found: [`mine, "${name}": new`] });
    expect(configuration).toEqual({ found: [`config.lock.json, ${name}: not set → {}`] });
    const all = changesBetween(
      point("v1", { "evals.lock.json": {} }),
      point("v2", { "evals.lock.json": having(name, baseline({})) }),
    );
    expect(all.evals).toEqual({ found: [`${name}: new, score 0.5`] });
  });

  test(`what is called ${name} comes through a merge, and a script of that name is nothing known`, () => {
    expect(Object.entries(mergeData({}, {}, having(name, "new")).merged)).toEqual([[name, "new"]]);
    expect(mergeData({}, having(name, "mine"), having(name, "theirs")).conflicts).toHaveLength(1);
    const theirs = bytes({ dependencies: having(name, "https://example.com/x.tgz") });
    expect(findUnasked(bytes({ dependencies: {} }), theirs, new Map())).toEqual([
      `${name} from https://example.com/x.tgz`,
    ]);
  });

  test(`a capability called ${name} is added, and its value shown`, () => {
    const server = (extra: object) => ({ name: "s", capabilities: { tools: extra }, tools: {} });
    expect(compareContracts(server({}), server(having(name, {})))).toMatchObject([{ level: "minor" }]);
  });

  test(`a table has a column for callers called ${name}`, () => {
    const decisions = (cells: object) => ({ tools: cells, resources: {}, prompts: {} }) as never;
    const shown = showTables({ mine: decisions({ one: having(name, "allow"), two: { local: "deny" } }) });
    expect(shown).toContain(`authenticated  ${name}`);
    expect(shown).toMatch(/ allow\n {6}one/);
  });
}
