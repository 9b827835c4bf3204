import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DefinitionError, definePrompt, defineResource, defineServer, defineTool } from "../src/index.ts";

const described = z.object({ text: z.string().describe("Some text") });
const tool = (changes: object) =>
  defineTool({
    name: "say",
    title: "Say",
    description: "Says it.",
    inputSchema: described,
    outputSchema: described,
    handler: ({ text }: { text: string }) => ({ text }),
    ...changes,
  } as never);
const resource = (changes: object) =>
  defineResource({
    name: "item",
    title: "Item",
    description: "A thing.",
    uri: "item://{id}",
    read: () => "x",
    ...changes,
  } as never);
const prompt = (changes: object) =>
  definePrompt({ name: "greet", title: "Greet", description: "Greets.", handler: () => "hi", ...changes } as never);
const server = (changes: object) => defineServer({ name: "lab", version: "1.0.0", tools: [tool({})], ...changes });

describe("a definition that cannot be served is refused where it is made, by name", () => {
  const cases: [what: string, make: () => unknown, culprit: RegExp][] = [
    ["a name in camel case", () => tool({ name: "sayIt" }), /"sayIt" must match/],
    ["a name of one letter", () => tool({ name: "s" }), /"s" must match/],
    ["a name of 65 characters", () => tool({ name: "s".repeat(65) }), /must match/],
    ["a name from every object's prototype", () => tool({ name: "__proto__" }), /"__proto__" must match/],
    ["an empty description", () => tool({ description: " " }), /description of tool "say" is empty/],
    ["a zero-width space in a description", () => tool({ description: "Says\u200bit." }), /tool "say".*U\+200B/],
    ["a bidirectional override in a title", () => tool({ title: "Say\u202e" }), /tool "say".*U\+202E/],
    ["a tag character in a description", () => tool({ description: "Says\u{e0041}" }), /U\+E0041/],
    ["a control character in a description", () => tool({ description: "Says\u0007" }), /U\+0007/],
    [
      "a date, by its field",
      () => tool({ inputSchema: z.object({ at: z.date().describe("When") }) }),
      /tool "say" inputSchema: the field "at" is a z\.date\(\).*z\.iso\.datetime\(\)/,
    ],
    [
      "a date deep inside",
      () =>
        tool({
          outputSchema: z.object({
            notes: z.array(z.array(z.object({ properties: z.date().optional().describe("When") }))).describe("Notes"),
          }),
        }),
      /tool "say" outputSchema: the field "notes\.properties" is a z\.date\(\)/,
    ],
    [
      "a transform in the output",
      () => tool({ outputSchema: z.object({ n: z.string().transform(Number).describe("n") }) }),
      /the field "n" is a z\.transform\(\)/,
    ],
    ["a date as the whole input", () => tool({ inputSchema: z.date() }), /tool "say" inputSchema is a z\.date\(\)/],
    [
      "a raw shape",
      () => tool({ inputSchema: { text: z.string() } }),
      /inputSchema is a plain object\. Wrap.*z\.object/,
    ],
    ["JSON Schema as it is", () => tool({ outputSchema: { type: "object" } }), /outputSchema is a plain object/],
    ["no input schema", () => tool({ inputSchema: undefined }), /tool "say" inputSchema is missing.*z\.object\(\{\}\)/],
    ["a schema of zod 3", () => tool({ inputSchema: { _def: {} } }), /zod 3/],
    ["no handler", () => tool({ handler: undefined }), /tool "say" has no handler/],
    ["no title", () => tool({ title: undefined }), /title of tool "say" is missing/],
    ["no description", () => tool({ description: undefined }), /description of tool "say" is missing/],
    ["a resource without read", () => resource({ read: undefined }), /resource "item" has no read/],
    ["a prompt without handler", () => prompt({ handler: undefined }), /prompt "greet" has no handler/],
    [
      "a list of tools within the list",
      () => server({ tools: [tool({}), [tool({ name: "other" })]] }),
      /server "lab": tools\[1\] is a list of its own\. Spread it/,
    ],
    [
      "a tool that was not defined",
      () => server({ tools: [{ name: "say" }] }),
      /tools\[0\] was not made by defineTool/,
    ],
    ["a tool among the prompts", () => server({ prompts: [tool({})] }), /prompts\[0\] was not made by definePrompt/],
    ["nothing in the list", () => server({ tools: [undefined] }), /tools\[0\] was not made by defineTool/],
    [
      "all undescribed fields at once",
      () =>
        tool({ inputSchema: z.object({ a: z.string(), b: z.object({ c: z.string(), d: z.string() }).describe("b") }) }),
      /the fields "a", "b\.c", "b\.d" have no description/,
    ],
    [
      "a bigint in the output",
      () => tool({ outputSchema: z.object({ n: z.bigint().describe("n") }) }),
      /tool "say" outputSchema/,
    ],
    ["an input that is no object", () => tool({ inputSchema: z.string() }), /tool "say" inputSchema must be an object/],
    [
      "an undescribed field",
      () => tool({ inputSchema: z.object({ text: z.string() }) }),
      /tool "say" inputSchema: the field "text" has no description/,
    ],
    [
      "an undescribed field deep inside",
      () => tool({ outputSchema: z.object({ notes: z.array(z.object({ id: z.string() })).describe("Notes") }) }),
      /"notes\.id" has no description/,
    ],
    [
      "hidden characters in a field's description",
      () => tool({ inputSchema: z.object({ text: z.string().describe("x\u00ad") }) }),
      /description of "text".*U\+00AD/,
    ],
    [
      "a tool that is read-only and destructive",
      () => tool({ annotations: { readOnlyHint: true, destructiveHint: true } }),
      /tool "say".*cannot be both/,
    ],
    ["a timeout of nothing", () => tool({ timeoutMs: 0 }), /timeoutMs must be above 0/],
    ["a template beyond {name} and {+name}", () => resource({ uri: "item://{?q}" }), /resource "item".*only \{name\}/],
    ["a template without a scheme", () => resource({ uri: "{id}" }), /must begin with a lower-case scheme/],
    ["a variable named twice", () => resource({ uri: "item://{id}/{id}" }), /names \{id\} twice/],
    ["a watch without subscribers", () => resource({ watch: () => () => {} }), /add subscribe: true/],
    ["a fixed URI with a list", () => resource({ uri: "item://all", list: () => ({ resources: [] }) }), /lists itself/],
    [
      "completion of a variable that is none",
      () => resource({ complete: { name: () => [] } }),
      /"name", which is no variable/,
    ],
    [
      "a prompt argument that is no string",
      () => prompt({ arguments: z.object({ n: z.number().describe("n") }) }),
      /prompt "greet".*"n" must accept a string/,
    ],
    [
      "an undescribed prompt argument",
      () => prompt({ arguments: z.object({ style: z.string() }) }),
      /prompt "greet" arguments: the field "style"/,
    ],
    ["completion of an argument that is none", () => prompt({ complete: { style: () => [] } }), /no argument/],
    ["a duplicate name: two tools", () => server({ tools: [tool({}), tool({})] }), /Two tools are named "say"/],
    [
      "a duplicate name: two prompts",
      () => server({ prompts: [prompt({}), prompt({})] }),
      /Two prompts are named "greet"/,
    ],
    [
      "two resources of one URI",
      () => server({ resources: [resource({}), resource({ name: "other" })] }),
      /Two resources have the URI item:\/\/\{id\}/,
    ],
    ["a server name with spaces", () => server({ name: "My Server" }), /"My Server"/],
    ["a version that is none", () => server({ version: "latest" }), /"latest" is not a semantic version/],
    ["hidden characters in the instructions", () => server({ instructions: "Do\u2060it" }), /instructions.*U\+2060/],
    ["an icon of a tool without src", () => tool({ icons: [{}] }), /icons of tool "say" must be a list of \{ src/],
    ["an icon of a resource that is a text", () => resource({ icons: ["x"] }), /icons of resource "item"/],
    ["an icon of a prompt with sizes as text", () => prompt({ icons: [{ src: "x", sizes: "1x1" }] }), /prompt "greet"/],
    ["icons of a server that are no list", () => server({ icons: {} }), /icons of server "lab"/],
    ["a website that is no text", () => server({ websiteUrl: 5 }), /websiteUrl of server "lab"/],
    [
      "a hint that is neither true nor false",
      () => tool({ annotations: { readOnlyHint: "yes" } }),
      /readOnlyHint must be true or false/,
    ],
    ["an empty server", () => server({ tools: [] }), /offers nothing/],
  ];
  test.each(cases)("%s", (_what, make, culprit) => {
    expect(make).toThrow(DefinitionError);
    expect(make).toThrow(culprit);
  });

  test("a $ref that leaves the document", () => {
    const remote = described.meta({ $ref: "http://127.0.0.1:9/x" });
    expect(() => tool({ inputSchema: z.object({ text: remote.describe("Some text") }) })).toThrow(
      /a \$ref must stay inside/,
    );
  });
});

test("a field that wants to be mirrored in a header", () => {
  const mirrored = z.string().describe("Region").meta({ "x-mcp-header": "Region" });
  expect(() => tool({ inputSchema: z.object({ region: mirrored }) })).toThrow(/x-mcp-header, which is not supported/);
});

describe("a definition is published as clients need it", () => {
  test("a discriminated union keeps its branches and gets an object root", () => {
    const { json } = tool({
      inputSchema: z.discriminatedUnion("type", [
        z.object({ type: z.literal("append"), text: z.string().describe("Text") }),
        z.object({ type: z.literal("clear") }),
      ]),
    });
    expect(json.input.type).toBe("object");
    expect((json.input.oneOf ?? json.input.anyOf) as unknown[]).toHaveLength(2);
  });

  test("what says nothing to a reader is left out: the dialect, the bounds of every integer, the pattern of a date", () => {
    const { input } = tool({
      inputSchema: z.object({
        count: z.int().describe("How many"),
        page: z.int().min(1).max(9).describe("Which page"),
        when: z.iso.datetime().describe("When"),
        code: z.string().regex(/^x/).describe("A code"),
      }),
    }).json;
    expect(input).toEqual({
      type: "object",
      properties: {
        count: { type: "integer", description: "How many" },
        page: { type: "integer", minimum: 1, maximum: 9, description: "Which page" },
        when: { type: "string", format: "date-time", description: "When" },
        code: { type: "string", pattern: "^x", description: "A code" },
      },
      required: ["count", "page", "when", "code"],
    });
  });

  test("output schemas are open, so that adding a field is no break", () => {
    expect(
      JSON.stringify(tool({ outputSchema: z.object({ inner: described.describe("Inner") }) }).json.output),
    ).not.toContain('"additionalProperties":false');
  });

  test("a field shared through $defs is accepted", () => {
    const shared = z
      .object({ id: z.string().describe("Id") })
      .describe("A thing")
      .meta({ id: "Thing" });
    expect(tool({ outputSchema: z.object({ a: shared, b: shared }) }).json.output.$defs).toBeDefined();
  });
});
