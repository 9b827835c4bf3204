import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as bundle from "../src/bundle.ts";
import * as drills from "../src/drills/index.ts";
import * as evals from "../src/evals/index.ts";
import * as fetch from "../src/fetch/index.ts";
import * as index from "../src/index.ts";
import * as instance from "../src/instance.ts";
import * as resilience from "../src/resilience/index.ts";
import * as serve from "../src/serve.ts";
import * as testing from "../src/testing/index.ts";
import * as verifyAudit from "../src/verify-audit.ts";

test.each(Object.entries({ index, instance, serve, bundle, resilience, fetch, testing, evals, drills, verifyAudit }))(
  "the exports of %s are what they were",
  (_name, entry) => {
    expect(Object.keys(entry).sort()).toMatchSnapshot();
  },
);

test("the README has every entry that can be imported", () => {
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
  const [, table = ""] = read("README.md").split("## Entries");
  const named = [...table.matchAll(/`(?:@offshoot\/core)?(\/[\w./-]+)`/g)].map(([, entry]) => `.${entry}`);
  expect([".", ...named].sort()).toEqual(Object.keys(JSON.parse(read("package.json")).exports).sort());
});
