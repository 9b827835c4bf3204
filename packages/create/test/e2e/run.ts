/**
 * `pnpm e2e [<template>…] [--quick]`: every way to come by a project × every package manager: fetch, install, build, start,
 * one tool call; and unless it is to be quick, the project's whole test suite once for each manager, since the way does not
 * change what is installed. Prints a table and exits 1 when a cell is not green. Takes many minutes; nothing but
 * dependencies comes from the network.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { templateNames } from "../../src/templates.ts";
import { callOneTool } from "./call.ts";
import { command, must } from "./command.ts";
import { environment, holdBack, installTools, managers } from "./managers.ts";
import { configuredRegistry, packAll } from "./packed.ts";
import { openRegistry } from "./registry.ts";
import { localGitHub, ways } from "./ways.ts";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "offshoot-e2e-")));
const registry = await openRegistry(packAll(join(scratch, "tarballs")), configuredRegistry());
const tools = await installTools(join(scratch, "tools"));
const env = { ...environment(registry.url, tools, scratch), ...(await localGitHub(join(scratch, "github"))) };
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const steps = ["get", "install", "build", "test", "call"] as const;
let failed = 0;

const quick = process.argv.includes("--quick");
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
for (const template of wanted.length > 0 ? wanted : templateNames()) {
  console.log(`\n| ${template}: way | manager | ${steps.join(" | ")} |\n|${"---|".repeat(steps.length + 2)}`);
  for (const way of ways) for (const manager of managers) await cell(template, way, manager);
}
registry.close();
rmSync(scratch, { recursive: true, force: true });
console.log(failed === 0 ? "\nall green" : `\n${failed} not green`);
process.exitCode = failed === 0 ? 0 : 1;

async function cell(template: string, way: (typeof ways)[number], manager: (typeof managers)[number]) {
  const cwd = join(scratch, "work");
  const project = join(cwd, "project");
  let held: string | undefined; // see holdBack
  mkdirSync(cwd);
  const work: Record<(typeof steps)[number], (() => Promise<unknown>) | undefined> = {
    get: () => way.get({ cwd, template, manager, env }),
    install: async () => {
      const { ok, output } = await command(manager.install, project, env);
      if (ok) return;
      held = await holdBack(project, output, env);
      if (!held) throw new Error(output);
      await must(manager.install, project, env);
    },
    build: () => must(manager.run("build"), project, env),
    // In a copy under another name, which is the harder case.
    test: way === ways[1] && !quick ? () => must(manager.run("test"), project, env) : undefined,
    call: () => callOneTool(project, template, join(cwd, "data")),
  };
  const cells: string[] = [];
  let problem: Error | undefined;
  for (const step of steps) {
    const since = Date.now();
    try {
      await (problem ? undefined : work[step]?.());
      cells.push(problem || !work[step] ? "" : seconds(Date.now() - since));
    } catch (error) {
      problem = error as Error;
      cells.push("FAILED");
    }
  }
  console.log(`| ${way.name} | ${manager.name} | ${cells.join(" | ")} |${held ? ` ${held}` : ""}`);
  if (problem) {
    failed += 1;
    console.error(problem.message);
  }
  rmSync(cwd, { recursive: true, force: true });
}
