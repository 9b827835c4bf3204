// The scenarios of each template see every tool, and whatever is wrong with its answers in ways that any tool's can be.
import { expect, test } from "vitest";
import type { Eval } from "../../../core/src/evals/index.ts";
import { survivors } from "./mutants.ts";

test.each([
  "minimal/test/evals.ts",
  "notes/test/evals/index.ts",
  "filesystem/test/evals/index.ts",
  "http-api/test/evals/index.ts",
])("no tool of %s can be worse without a scenario that turns red", { timeout: 600_000 }, async (file) => {
  const { default: definition } = (await import(new URL(`../../../../templates/${file}`, import.meta.url).href)) as {
    default: Eval;
  };
  expect(await survivors(definition)).toEqual([]);
});
