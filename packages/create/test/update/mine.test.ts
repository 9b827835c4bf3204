import { expect, test } from "vitest";
import { markerProblem } from "../../src/marker.ts";
import { ownFiles, withoutOwn } from "../../src/update/mine.ts";

const entry = { bytes: Buffer.from(""), executable: false };
const paths = ["README.md", "package.json", "src/main.ts", "src/tools/a.ts", "src/tools/.b/c.ts", "src/toolset.ts"];
const files = new Map(paths.map((path) => [path, entry]));
const tools = ["src/tools/a.ts", "src/tools/.b/c.ts"];

test.each([
  ["src/tools/**", tools],
  ["src/tools", tools],
  ["src/tools/", tools],
  ["./src/tools", tools],
  ["src/main.ts", ["src/main.ts"]],
  ["**", paths.filter((path) => path !== "package.json")],
  ["src", paths.filter((path) => path.startsWith("src/"))],
  ["tools", []],
  ["package.json", []],
])('"%s" claims what it names, and a folder with all that is in it', (glob, claimed) => {
  const marker = { template: "notes", version: "0.1.0", mine: [glob] };
  expect([...ownFiles(files, marker).keys()]).toEqual(claimed);
  expect([...withoutOwn(files, marker).keys()]).toEqual(paths.filter((path) => !claimed.includes(path)));
});

test("a glob that is too long to be matched is no glob", () => {
  for (const key of ["mine", "domain"])
    expect(markerProblem({ template: "notes", version: "0.1.0", [key]: ["a".repeat(70_000)] })?.what).toContain(key);
});
