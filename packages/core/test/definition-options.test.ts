// Whatever stands in an option of a definition: it is taken, or refused by a DefinitionError that names the definition.
// What JavaScript's users leave out or mistake must not end as "Cannot read properties of undefined".
import { expect, test } from "vitest";
import { z } from "zod";
import { DefinitionError, definePrompt, defineResource, defineServer, defineTool } from "../src/index.ts";

const field = () => z.object({ text: z.string().describe("Some text") });
const tool = {
  name: "say",
  title: "Say",
  description: "Says it.",
  inputSchema: field(),
  outputSchema: field(),
  annotations: { readOnlyHint: true },
  icons: [{ src: "https://example.com/i.png" }],
  scopes: ["say"],
  requiredCapabilities: ["elicitation"],
  idempotency: { key: "text" },
  timeoutMs: 5,
  lane: "background",
  toText: () => "",
  handler: () => ({ text: "" }),
};
const resource = {
  name: "item",
  title: "Item",
  description: "A thing.",
  uri: "item://{id}",
  mimeType: "text/plain",
  icons: [],
  scopes: [],
  timeoutMs: 5,
  read: () => "x",
  list: () => ({ resources: [] }),
  complete: { id: () => [] },
  subscribe: true,
  watch: () => () => {},
  refresh: () => true,
  ttlMs: 5_000,
  cacheScope: "private",
};
const prompt = {
  name: "greet",
  title: "Greet",
  description: "Greets.",
  arguments: z.object({ style: z.string().describe("Style") }),
  icons: [],
  scopes: [],
  timeoutMs: 5,
  complete: { style: () => [] },
  handler: () => "hi",
};
const server = {
  name: "lab",
  version: "1.0.0",
  title: "Lab",
  websiteUrl: "https://example.com",
  icons: [],
  instructions: "Do it.",
  tools: [defineTool({ ...tool, idempotency: undefined } as never)],
  resources: [defineResource(resource as never)],
  prompts: [definePrompt(prompt as never)],
  lists: { ttlMs: 5 },
  expected: () => undefined,
  changes: () => () => {},
  dependencies: [],
  policies: { all: { default: "allow", rules: [] } },
  checkRoot: () => undefined,
};
const kinds: [string, (options: never) => unknown, Record<string, unknown>, RegExp][] = [
  ["defineTool", defineTool, tool, /tool/],
  ["defineResource", defineResource, resource, /resource/],
  ["definePrompt", definePrompt, prompt, /prompt/],
  ["defineServer", defineServer, server, /server|tool|resource|prompt/],
];
const WRONG = [
  undefined,
  null,
  0,
  -1,
  Number.NaN,
  "",
  "x",
  true,
  [],
  [[]],
  [null],
  {},
  { text: z.string() },
  () => undefined,
  Symbol("s"),
  new Map(),
  z.string(),
  z.object({ text: { inner: z.string() } as never }),
];

test.each(kinds)("%s takes what stands in an option, or names the definition", (_name, define, whole, named) => {
  for (const options of [undefined, null, "x", []]) expect(() => define(options as never)).toThrow(DefinitionError);
  for (const key of Object.keys(whole)) {
    for (const [index, value] of WRONG.entries()) {
      try {
        define({ ...whole, [key]: value } as never);
      } catch (error) {
        expect(error, `${key}, case ${index}`).toBeInstanceOf(DefinitionError);
        expect((error as Error).message, `${key}, case ${index}`).toMatch(named);
      }
    }
  }
});
