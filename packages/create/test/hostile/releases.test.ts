import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { manifestProblem } from "../../src/manifest.ts";
import { type Marker, markerProblem } from "../../src/marker.ts";
import { parseJsonObject } from "../../src/parse-json.ts";
import { readTemplate } from "../../src/templates.ts";
import { Refusal } from "../../src/terminal.ts";
import { findUnasked } from "../../src/update/find-unasked.ts";
import { mergeKnown } from "../../src/update/merge-known.ts";
import { readRelease } from "../../src/update/release.ts";
import { temporaryFolder } from "../fixtures/run.ts";
import { archive } from "./archive.ts";

/** A project as `create` makes it: with a name of its own, under which upstream's files are written. */
const FORK: Marker = { template: "minimal", version: "0.1.0", name: "mine" };
const template = readTemplate("minimal");
const text = (path: string): string => String(template.files.get(path)?.bytes);

/** The release of a template whose files say what is given. */
async function release(files: Record<string, string>) {
  const tarball = join(temporaryFolder(), "next.tgz");
  const all = new Map([...template.files].map(([path, { bytes }]) => [path, String(bytes)]));
  for (const [path, content] of Object.entries(files)) all.set(path, content);
  writeFileSync(tarball, archive([...all].map(([path, content]) => ({ path: `package/${path}`, content }))));
  // Of a tarball no repository is asked.
  return readRelease(undefined as never, FORK, { from: tarball, option: "--from" });
}

const amended = (path: string, members: object): Record<string, string> => ({
  [path]: JSON.stringify({ ...JSON.parse(text(path)), version: "0.2.0", ...members }),
});

describe("what a release says of itself", () => {
  test("is refused, or can be read as a project's own afterwards", async () => {
    const keys = [
      "name",
      "version",
      "bin",
      "scripts",
      "dependencies",
      "description",
      "template",
      "mine",
      "args",
      "needs",
      "domain",
    ];
    const member = fc.tuple(
      fc.constantFrom(...keys),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("../../x", "0.2.0", "minimal", "a b")),
    );
    const members = fc.array(member, { minLength: 1, maxLength: 3 }).map((pairs) => Object.fromEntries(pairs));
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("package.json", "offshoot.json"), members, async (path, given) => {
        try {
          const { files } = await release(amended(path, given));
          taken += 1;
          expect(manifestProblem(parseJsonObject(files.get("package.json")?.bytes as Buffer))).toBe(undefined);
          expect(markerProblem(parseJsonObject(files.get("offshoot.json")?.bytes as Buffer))).toBe(undefined);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 100 },
    );
    expect(taken).toBeGreaterThan(0);
  });

  test.each([
    ["no bin", { "package.json": text("package.json").replace(/"bin": \{[^}]*\},/, "") }],
    ["a key twice", { "package.json": text("package.json").replace("{", '{"version":"9.9.9",') }],
    ["__proto__", { "package.json": text("package.json").replace("{", '{"__proto__":{"scripts":{}},') }],
    [
      "lists in lists",
      { "offshoot.json": text("offshoot.json").replace("{", `{"x":${"[".repeat(9999)}${"]".repeat(9999)},`) },
    ],
    ["null", { "offshoot.json": "null" }],
    ["another template", amended("offshoot.json", { template: "notes" })],
    ["half a lock", { "contract.lock.json": '{"tools":' }],
  ])("is refused with %s", async (_name, files) => {
    await expect(release(files as Record<string, string>)).rejects.toThrow(Refusal);
  });

  test("does not change what is the project's to say", async () => {
    const said = (members: object) => ({
      bytes: Buffer.from(JSON.stringify({ ...FORK, ...members })),
      executable: false,
    });
    const files = (members: object) => new Map([["offshoot.json", said(members)]]);
    const upstream = files({ version: "0.2.0", mine: ["**"], name: "evil", template: "notes", args: ["--new"] });
    const [merge] = mergeKnown(files({}), files({ mine: ["src/**"] }), upstream, "0.2.0");
    expect(JSON.parse(String(merge?.file.bytes))).toEqual({
      ...FORK,
      version: "0.2.0",
      mine: ["src/**"],
      args: ["--new"],
    });
  });
});

test.each([
  ["overrides", { overrides: { zod: "npm:evil@1" } }],
  ["resolutions", { resolutions: { zod: "4.0.0" } }],
  ["pnpm", { pnpm: { onlyBuiltDependencies: ["evil"] } }],
  ["trustedDependencies", { trustedDependencies: ["evil"] }],
  ["packageManager", { packageManager: "pnpm@1.0.0" }],
  ["workspaces", { workspaces: ["../.."] }],
])("%s in a release's package.json is named before an install takes it", (key, members) => {
  const manifest = (extra: object) => Buffer.from(JSON.stringify({ name: "mine", ...extra }));
  expect(findUnasked(manifest({}), manifest(members), new Map())).toEqual([`"${key}" in package.json`]);
});

test.each(["pnpm-workspace.yaml", "binding.gyp", ".corepack.env", ".npmrc"])("%s of a release is named", (path) => {
  const changes = new Map([[path, { bytes: Buffer.from("x"), executable: false }]]);
  expect(findUnasked(undefined, undefined, changes)).toEqual([`the settings in ${path}`]);
});
