// When GitHub runs what .github/workflows/ of a copy says, and that what it runs is there.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import picomatch from "picomatch";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const templates = fileURLToPath(new URL("../../../templates/", import.meta.url));
const workflows = readdirSync(templates).map((name) => {
  const text = readFileSync(`${templates}${name}/.github/workflows/ci.yml`, "utf8");
  const { scripts } = JSON.parse(readFileSync(`${templates}${name}/package.json`, "utf8"));
  return [name, parse(text), scripts] as const;
});

interface Filter {
  branches?: string[];
  "branches-ignore"?: string[];
  tags?: string[];
  paths?: string[];
  "paths-ignore"?: string[];
}

/** As GitHub decides: without a filter all, with one of branches alone no tag. */
function runs(filter: Filter | null | undefined, kind: "branches" | "tags", name: string): boolean {
  if (filter === undefined) return false;
  const patterns = filter?.[kind];
  if (patterns !== undefined) return picomatch.isMatch(name, patterns);
  return filter === null || (filter.branches === undefined && filter.tags === undefined);
}

describe.each(workflows)("CI of %s", (_name, workflow, scripts) => {
  test.each(["main", "master", "trunk", "develop", "team/next", "v1.x", "機能"])("runs for a push to %s", (branch) => {
    expect(runs(workflow.on.push, "branches", branch)).toBe(true);
  });

  test("runs for a pull request into any branch, and not once more for a tag", () => {
    for (const into of ["main", "master", "team/next"])
      expect(runs(workflow.on.pull_request, "branches", into)).toBe(true);
    expect(runs(workflow.on.push, "tags", "v1.0.0")).toBe(false);
    for (const filter of [workflow.on.push, workflow.on.pull_request])
      expect(Object.keys(filter ?? {}).filter((key) => key !== "branches")).toEqual([]);
  });

  test("a newer push ends the run of an older one of the same branch or pull request alone", () => {
    expect(workflow.concurrency).toEqual({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own expressions
      group: "${{ github.workflow }}-${{ github.ref }}",
      "cancel-in-progress": true,
    });
  });

  test("runs only scripts that the project has, and all that it has to", () => {
    const steps = workflow.jobs.test.steps as { run?: string }[];
    const run = steps.flatMap((step) => /^npm (?:run )?(\w+)$/.exec(step.run ?? "")?.[1] ?? []);
    expect(run).toEqual(["types", "build", "test"].filter((script) => script in scripts));
  });
});
