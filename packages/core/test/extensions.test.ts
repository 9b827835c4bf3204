import { describe, expect, test } from "vitest";
import { z } from "zod";
import { definePrompt, defineResource, defineServer, defineTool } from "../src/index.ts";
import { connect, diffContracts, readContract, readContractOver, WIRES } from "../src/testing/index.ts";

const UI = "io.modelcontextprotocol/ui";
const page = '<!doctype html><html lang="en"><title>List</title></html>';
const serverOf = (tool: object, more: object = {}) =>
  defineServer({
    name: "viewed",
    version: "1.0.0",
    extensions: { [UI]: {} },
    tools: [
      defineTool({
        name: "list_things",
        title: "List",
        description: "Lists the things.",
        inputSchema: z.object({}),
        outputSchema: z.object({ seen: z.any().describe("What the client says of its views") }),
        handler: (_input, { client }) => ({ seen: client.extensions?.[UI] ?? null }),
        ...tool,
      }),
    ],
    resources: [
      defineResource({
        name: "list_view",
        title: "The list",
        description: "A view of the list.",
        uri: "ui://things/list",
        mimeType: "text/html;profile=mcp-app",
        _meta: { ui: { prefersBorder: true } },
        read: () => [
          { uri: "ui://things/list", mimeType: "text/html;profile=mcp-app", text: page, _meta: { ui: { csp: {} } } },
        ],
      }),
      defineResource({
        name: "thing",
        title: "A thing",
        description: "One thing.",
        uri: "thing://{id}",
        _meta: { "example.com/kind": "thing" },
        list: () => ({ resources: [{ uri: "thing://1", name: "one", _meta: { "example.com/kind": "one" } }] }),
        read: () => "x",
      }),
    ],
    prompts: [
      definePrompt({
        name: "ask_list",
        title: "Ask",
        description: "Asks for the list.",
        _meta: { "example.com/kind": "prompt" },
        handler: () => "List the things.",
      }),
    ],
    ...more,
  });
const ui = { ui: { resourceUri: "ui://things/list", visibility: ["model", "app"] } };
const server = serverOf({ _meta: ui });

describe.each(WIRES)("%s", (wire) => {
  test("what a definition carries for programs is listed, and what is read carries its own", async () => {
    const client = await connect(server, { wire });
    expect(client.capabilities.extensions).toEqual({ [UI]: {} });
    expect(await client.tools()).toMatchObject([{ name: "list_things", _meta: ui }]);
    const listed = await client.resources();
    expect(listed.find(({ uri }) => uri === "ui://things/list")).toMatchObject({
      _meta: { ui: { prefersBorder: true } },
    });
    expect(listed.find(({ uri }) => uri === "thing://1")).toMatchObject({ _meta: { "example.com/kind": "one" } });
    expect(await client.templates()).toMatchObject([{ _meta: { "example.com/kind": "thing" } }]);
    expect(await client.prompts()).toMatchObject([{ _meta: { "example.com/kind": "prompt" } }]);
    expect(await client.read("ui://things/list")).toMatchObject([{ text: page, _meta: { ui: { csp: {} } } }]);
    await client.close();
  });

  test("a handler sees which extensions the client speaks", async () => {
    const mimeTypes = { mimeTypes: ["text/html;profile=mcp-app"] };
    const speaking = await connect(server, { wire, extensions: { [UI]: mimeTypes } });
    expect((await speaking.call("list_things")).data).toEqual({ seen: mimeTypes });
    await speaking.close();
    const plain = await connect(server, { wire });
    expect((await plain.call("list_things")).data).toEqual({ seen: null });
    await plain.close();
  });
});

test("both are part of the contract, off the definition and over a client", async () => {
  const contract = readContract(server);
  expect(contract).toMatchObject({
    capabilities: { extensions: { [UI]: {} } },
    tools: { list_things: { _meta: ui } },
    resources: { "ui://things/list": { _meta: { ui: { prefersBorder: true } } } },
    prompts: { ask_list: { _meta: { "example.com/kind": "prompt" } } },
  });
  const client = await connect(server, { wire: "stdio-2025" });
  expect(diffContracts(contract, await readContractOver(client))).toEqual([]);
  await client.close();
});

test.each([
  [
    "a key that the specification does not allow",
    () => serverOf({ _meta: { "a b": 1 } }),
    /_meta of tool "list_things" has the key "a b"/,
  ],
  ["a prefix without a label", () => serverOf({ _meta: { "/ui": 1 } }), /the key "\/ui"/],
  ["what is not JSON", () => serverOf({ _meta: { ui: 1n } }), /_meta of tool "list_things" cannot be written as JSON/],
  ["a list", () => serverOf({ _meta: [] }), /must be an object/],
  [
    "an extension without a prefix",
    () => serverOf({}, { extensions: { ui: {} } }),
    /extensions of server "viewed" has the key "ui"/,
  ],
  [
    "an extension that is no object",
    () => serverOf({}, { extensions: { [UI]: true } }),
    /extension io.modelcontextprotocol\/ui .* must be an object/,
  ],
])("%s is refused", (_what, make, culprit) => {
  expect(make).toThrow(culprit);
});
