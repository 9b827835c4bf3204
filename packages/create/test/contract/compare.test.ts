import { describe, expect, test } from "vitest";
import { bumpFor, type Level } from "../../src/contract/change.ts";
import { type Contract, compareContracts } from "../../src/contract/compare-contracts.ts";
import type { Schema } from "../../src/contract/schema.ts";

const object = (properties: Record<string, Schema>, required: string[] = [], more = {}): Schema => ({
  type: "object",
  properties,
  required,
  ...more,
});
const text: Schema = { type: "string", maxLength: 100 };
const tool = (more = {}): Contract => ({ description: "d", inputSchema: object({ title: text }, ["title"]), ...more });
const server = (more = {}): Contract => ({ name: "s", capabilities: { tools: {} }, tools: { add: tool() }, ...more });
const withInput = (inputSchema: Schema): Contract => server({ tools: { add: tool({ inputSchema }) } });
const withOutput = (outputSchema?: Schema): Contract =>
  server({ tools: { add: tool(outputSchema && { outputSchema }) } });
const withHints = (annotations: object): Contract => server({ tools: { add: tool({ annotations }) } });
const withPrompt = (args: object, more = {}): Contract => server({ prompts: { p: { arguments: args, ...more } } });
const withResource = (more: object): Contract => server({ resources: { "a://b": { name: "b", ...more } } });

const input = "tools.add.inputSchema";
const output = "tools.add.outputSchema";
const withMeta = (_meta?: object): Contract => server({ tools: { add: tool(_meta && { _meta }) } });
const withExtensions = (extensions: object): Contract => server({ capabilities: { tools: {}, extensions } });
const rows: [name: string, before: Contract, after: Contract, level: Level, path: string][] = [
  ["a tool removed", server(), server({ tools: {} }), "major", "tools.add"],
  ["a tool added", server(), server({ tools: { add: tool(), put: tool() } }), "minor", "tools.put"],
  [
    "a description",
    server(),
    server({ tools: { add: tool({ description: "e" }) } }),
    "routing",
    "tools.add.description",
  ],
  ["instructions", server(), server({ instructions: "new" }), "routing", "instructions"],
  ["_meta added", withMeta(), withMeta({ ui: { resourceUri: "ui://a" } }), "minor", "tools.add._meta.ui"],
  [
    "_meta: another key added",
    withMeta({ ui: 1 }),
    withMeta({ ui: 1, "a.b/c": 2 }),
    "minor",
    'tools.add._meta["a.b/c"]',
  ],
  [
    "_meta changed",
    withMeta({ ui: { resourceUri: "ui://a" } }),
    withMeta({ ui: { resourceUri: "ui://b" } }),
    "major",
    "tools.add._meta.ui",
  ],
  ["_meta removed", withMeta({ ui: 1 }), withMeta(), "major", "tools.add._meta.ui"],
  ["_meta of a resource", withResource({}), withResource({ _meta: { ui: 1 } }), "minor", 'resources["a://b"]._meta.ui'],
  ["_meta of a prompt", withPrompt({}), withPrompt({}, { _meta: { ui: 1 } }), "minor", "prompts.p._meta.ui"],
  ["an extension added", server(), withExtensions({ "a.b/ui": {} }), "minor", "capabilities.extensions"],
  [
    "an extension removed",
    withExtensions({ "a.b/ui": {}, "a.b/c": {} }),
    withExtensions({ "a.b/ui": {} }),
    "major",
    'capabilities.extensions["a.b/c"]',
  ],
  ["a capability removed", server(), server({ capabilities: {} }), "major", "capabilities.tools"],
  [
    "a capability's part removed",
    server({ capabilities: { tools: { listChanged: true } } }),
    server(),
    "major",
    "capabilities.tools.listChanged",
  ],
  [
    "input: new required",
    server(),
    withInput(object({ title: text, id: text }, ["title", "id"])),
    "major",
    `${input}.properties.id`,
  ],
  [
    "input: optional added",
    server(),
    withInput(object({ title: text, id: text }, ["title"])),
    "minor",
    `${input}.properties.id`,
  ],
  ["input: now required", withInput(object({ title: text })), server(), "major", `${input}.properties.title`],
  ["input: now optional", server(), withInput(object({ title: text })), "minor", `${input}.properties.title`],
  ["input: a property removed", server(), withInput(object({})), "major", `${input}.properties.title`],
  [
    "input: a bound narrowed",
    server(),
    withInput(object({ title: { type: "string", maxLength: 50 } }, ["title"])),
    "major",
    `${input}.properties.title`,
  ],
  [
    "input: a bound widened",
    server(),
    withInput(object({ title: { type: "string", maxLength: 150 } }, ["title"])),
    "minor",
    `${input}.properties.title`,
  ],
  [
    "input: closed",
    server(),
    withInput(object({ title: text }, ["title"], { additionalProperties: false })),
    "major",
    `${input}.additionalProperties`,
  ],
  [
    "input: a default changed",
    server(),
    withInput(object({ title: { ...(text as object), default: "x" } }, ["title"])),
    "minor",
    `${input}.properties.title.default`,
  ],
  [
    "input: an enum narrowed",
    withInput(object({ a: { enum: ["x", "y"] } })),
    withInput(object({ a: { enum: ["x"] } })),
    "major",
    `${input}.properties.a`,
  ],
  [
    "input: deep in a list",
    withInput(object({ a: { type: "array", items: object({ b: text }) } })),
    withInput(object({ a: { type: "array", items: object({ b: text, c: text }, ["c"]) } })),
    "major",
    `${input}.properties.a.items.properties.c`,
  ],
  [
    "input: a pattern of a kind that cannot be compared",
    withInput(object({ a: { type: "string", pattern: "^a" } })),
    withInput(object({ a: { type: "string", pattern: "^b" } })),
    "major",
    `${input}.properties.a`,
  ],
  [
    "output: required removed",
    withOutput(object({ a: text }, ["a"])),
    withOutput(object({})),
    "major",
    `${output}.properties.a`,
  ],
  [
    "output: optional removed",
    withOutput(object({ a: text })),
    withOutput(object({})),
    "minor",
    `${output}.properties.a`,
  ],
  [
    "output: made optional",
    withOutput(object({ a: text }, ["a"])),
    withOutput(object({ a: text })),
    "major",
    `${output}.properties.a`,
  ],
  [
    "output: widened",
    withOutput(object({ a: text })),
    withOutput(object({ a: { type: ["string", "null"] } })),
    "major",
    `${output}.properties.a`,
  ],
  [
    "output: a bound removed",
    withOutput(object({ a: text })),
    withOutput(object({ a: { type: "string" } })),
    "major",
    `${output}.properties.a`,
  ],
  [
    "output: narrowed",
    withOutput(object({ a: text })),
    withOutput(object({ a: { type: "string", maxLength: 5 } })),
    "minor",
    `${output}.properties.a`,
  ],
  [
    "output: added to an open object",
    withOutput(object({})),
    withOutput(object({ a: text })),
    "minor",
    `${output}.properties.a`,
  ],
  [
    "output: added to a closed object",
    withOutput(object({}, [], { additionalProperties: false })),
    withOutput(object({ a: text }, [], { additionalProperties: false })),
    "major",
    `${output}.properties.a`,
  ],
  ["output: schema removed", withOutput(object({})), withOutput(), "major", output],
  ["output: schema added", withOutput(), withOutput(object({})), "minor", output],
  [
    "a hint weakened against its default",
    withHints({ destructiveHint: false }),
    server(),
    "major",
    "tools.add.annotations.destructiveHint",
  ],
  [
    "a hint strengthened against its default",
    server(),
    withHints({ readOnlyHint: true }),
    "minor",
    "tools.add.annotations.readOnlyHint",
  ],
  [
    "a prompt's required argument added",
    withPrompt({}),
    withPrompt({ a: { required: true } }),
    "major",
    "prompts.p.arguments.a",
  ],
  [
    "a prompt's optional argument added",
    withPrompt({}),
    withPrompt({ a: { required: false } }),
    "minor",
    "prompts.p.arguments.a",
  ],
  [
    "a prompt's argument removed",
    withPrompt({ a: { required: false } }),
    withPrompt({}),
    "major",
    "prompts.p.arguments.a",
  ],
  [
    "a prompt's argument now required",
    withPrompt({ a: { required: false } }),
    withPrompt({ a: { required: true } }),
    "major",
    "prompts.p.arguments.a",
  ],
  ["a completion removed", withPrompt({}, { completes: ["a"] }), withPrompt({}), "major", "prompts.p.completes.a"],
  [
    "a resource's MIME type",
    withResource({ mimeType: "text/plain" }),
    withResource({ mimeType: "text/html" }),
    "major",
    'resources["a://b"].mimeType',
  ],
  ["a subscription gone", withResource({ subscribe: true }), withResource({}), "major", 'resources["a://b"].subscribe'],
];

const schemas = (output: Record<string, Schema> = { a: { type: "string" } }) => ({
  inputSchema: object({ x: { type: "string" } }),
  outputSchema: object(output),
});
/** A tool that is at a version, and what clients of earlier ones meet. */
const withVersions = (version: string | undefined, versions: object = {}, now = schemas()): Contract =>
  ({
    tools: { t: { ...now, ...(version && { version }), ...(Object.keys(versions).length > 0 && { versions }) } },
  }) as never;

describe("what a change means for clients that pin a version", () => {
  const earlier = (more: object = {}) => ({ "1": { ...schemas({ b: { type: "string" } }), ...more } });
  test.each<[string, Contract, Contract, Level, string]>([
    ["an earlier version removed", withVersions("2", earlier()), withVersions("2"), "major", "tools.t.versions.1"],
    ["the names of versions removed", withVersions("1"), withVersions(undefined), "major", "tools.t.version"],
    [
      "the current one has another name, and is not kept",
      withVersions("1"),
      withVersions("2"),
      "major",
      "tools.t.version",
    ],
    ["an earlier version added", withVersions("2"), withVersions("2", earlier()), "minor", "tools.t.versions.1"],
    [
      "an earlier version that takes more than it did",
      withVersions("2", earlier()),
      withVersions("2", earlier({ inputSchema: object({ x: { type: "string" }, y: { type: "string" } }) })),
      "major",
      "tools.t.versions.1.inputSchema.properties.y",
    ],
    [
      "an end announced",
      withVersions("2", earlier()),
      withVersions("2", earlier({ sunset: "2027-06-01" })),
      "minor",
      "tools.t.versions.1.sunset",
    ],
  ])("%s", (_name, before, after, level, path) => {
    expect(compareContracts(before, after)).toContainEqual(expect.objectContaining({ level, path }));
    expect(compareContracts(after, after)).toEqual([]);
  });

  test("a current version that becomes an earlier one is whole for who has pinned it", () => {
    const after = withVersions("2", { "1": schemas() }, schemas({ c: { type: "string" } }));
    const changes = compareContracts(withVersions("1"), after);
    expect(changes.filter(({ path }) => path.includes("version"))).toEqual([
      { path: "tools.t.version", what: "version 2 added", level: "minor" },
    ]);
    const lost = withVersions("2", { "1": schemas({ d: { type: "string" } }) });
    expect(compareContracts(withVersions("1"), lost)).toContainEqual(
      expect.objectContaining({ level: "major", path: "tools.t.versions.1.outputSchema.properties.a" }),
    );
  });

  test("a tool that gets a first name changes nothing for anyone", () => {
    expect(compareContracts(withVersions(undefined), withVersions("1"))).toEqual([]);
  });
});

describe("what a change means for clients", () => {
  test.each(rows)("%s", (_name, before, after, level, path) => {
    expect(compareContracts(before, after)).toEqual([expect.objectContaining({ level, path })]);
  });

  test("nothing changed, nothing said", () => {
    for (const [, before, after] of rows)
      for (const one of [before, after]) expect(compareContracts(one, structuredClone(one))).toEqual([]);
  });

  test("a schema in words other than before is a patch when it lets in the same", () => {
    const union = object({ a: { anyOf: [{ type: "string" }, { type: "null" }] } });
    const list = object({ a: { type: ["string", "null"] } });
    expect(compareContracts(withInput(union), withInput(list))).toMatchObject([{ level: "patch" }]);
  });

  test("a change behind $ref is found where it is used", () => {
    const refers = (maxLength: number): Schema => ({
      ...(object({ a: { $ref: "#/$defs/t" } }) as object),
      $defs: { t: { type: "string", maxLength } },
    });
    expect(compareContracts(withInput(refers(9)), withInput(refers(5)))).toMatchObject([
      { level: "major", path: `${input}.properties.a`, what: "narrowed: maxLength 9 → 5" },
    ]);
  });

  test("the step: before 1.0.0 a minor is what may break", () => {
    const of = (level: Level, version: string): string => bumpFor([{ level }], version);
    expect([of("major", "0.3.0"), of("minor", "0.3.0"), of("routing", "0.3.0")]).toEqual(["minor", "patch", "patch"]);
    expect([of("major", "1.0.0"), of("minor", "1.0.0"), of("patch", "1.0.0")]).toEqual(["major", "minor", "patch"]);
    expect(bumpFor([], "1.0.0")).toBe("none");
  });
});
