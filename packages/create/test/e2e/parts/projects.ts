import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { callOneTool } from "../call.ts";
import { command, must } from "../command.ts";
import { holdBack, type Manager } from "../managers.ts";
import { done, inLanes, type Report, timed } from "../row.ts";
import type { Stage } from "../stage.ts";
import type { Cell, Table } from "../table.ts";
import type { Way } from "../ways.ts";

/** What tells a good copy from a bad one: the contract suite, and the built bin as a process. */
const QUICK = ["test/contract.test.ts", "test/process.test.ts"];

/** Of a template whose tests are one file, all. */
const quick = (folder: string): string[] => QUICK.filter((file) => existsSync(join(folder, file)));

/** A copy under another name is the harder case. What is installed does not depend on the way. */
const WHOLE = "create, from the registry";

/**
 * Every way to come by a project × every package manager: fetch, install, types, test (without a build before), `offshoot
 * check`, one tool call. The tests are those that depend on the place; with `whole`, each manager runs a template's whole
 * suite once.
 */
export async function projects(
  stage: Stage,
  {
    templates,
    ways,
    managers,
    whole,
    lanes,
    has,
    report,
  }: {
    templates: string[];
    ways: Way[];
    managers: Manager[];
    whole: boolean;
    lanes: number;
    has: Table["has"];
    report: Report;
  },
): Promise<void> {
  const cells = templates.flatMap((template) =>
    ways.flatMap((way) =>
      managers.map((manager) => {
        const all = whole && way.name === WHOLE;
        const what = `${template}: ${way.name}${all ? ", whole suite" : ""}`;
        return { template, way, manager, all, head: { part: "project", what, manager: manager.name } };
      }),
    ),
  );
  const left = cells.filter(({ head }) => !has(head));
  await inLanes(left, lanes, async (cell) => report(await project(stage, cell)));
}

function project(
  stage: Stage,
  { template, way, manager, all, head }: { template: string; way: Way; manager: Manager; all: boolean; head: Cell },
) {
  const { env } = stage;
  const cwd = stage.folder();
  const folder = join(cwd, "project");
  return timed(head, [
    ["get", () => done(way.get({ cwd, template, manager, env }))],
    ["install", () => installIn(folder, manager, env)],
    ["types", () => done(must(manager.run("types"), folder, env))],
    [
      all ? "whole suite" : "test",
      async () => countPassed(await must(manager.run("test", all ? [] : quick(folder)), folder, env)),
    ],
    ["check", () => done(must(manager.offshoot("check", "--offline"), folder, env))],
    ["call", () => done(callOneTool(folder, template, join(cwd, "data")))],
    ["tidy", () => done(rm(cwd, { recursive: true, force: true }))],
  ]);
}

/** Installs, if need be with a package held back; returns which. */
export async function installIn(folder: string, manager: Manager, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { ok, output } = await command(manager.install, folder, env);
  if (ok) return undefined;
  const held = await holdBack(folder, output, env);
  if (!held) throw new Error(output);
  await must(manager.install, folder, env);
  return held;
}

/** How many tests vitest counted. A run without any is no run. */
export function countPassed(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: vitest may colour its sums
  const [, count] = /Tests\s+(?:.*\| )?(\d+) passed/.exec(output.replaceAll(/\u001b\[[\d;]*m/g, "")) ?? [];
  if (count === undefined) throw new Error(`${output}\nno tests were run`);
  return count;
}
