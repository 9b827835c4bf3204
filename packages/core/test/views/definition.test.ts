import { expect, test } from "vitest";
import { z } from "zod";
import { DefinitionError, defineServer, defineTool, defineView, type Tool, type ViewOptions } from "../../src/index.ts";
import { connect, readContract, WIRES } from "../../src/testing/index.ts";

const options: ViewOptions = {
  name: "list_view",
  title: "The list",
  description: "A view of the list.",
  uri: "ui://things/list",
  html: "<!doctype html><html lang=en><title>List</title><body>things</body></html>",
};
const toolWith = (more: object, name = "list_things"): Tool =>
  defineTool({
    name,
    title: "List",
    description: "Lists the things.",
    inputSchema: z.object({}),
    outputSchema: z.object({ things: z.array(z.string()).describe("The things") }),
    handler: () => ({ things: ["one"] as string[] }),
    ...more,
  });
const serverWith = (...tools: Tool[]) => defineServer({ name: "viewed", version: "1.0.0", tools });
const view = defineView({
  ...options,
  csp: { connectDomains: ["https://api.example.com"] },
  permissions: ["clipboardWrite"],
});

test.each(WIRES)("a tool's view is all a server needs: it is declared, listed and read over %s", async (wire) => {
  const client = await connect(serverWith(toolWith({ view }), toolWith({ view }, "other_things")), { wire });
  expect(client.capabilities.extensions).toEqual({ "io.modelcontextprotocol/ui": {} });
  expect((await client.tools()).map(({ _meta }) => _meta)).toEqual(
    Array(2).fill({ ui: { resourceUri: "ui://things/list" } }),
  );
  const ui = { csp: { connectDomains: ["https://api.example.com"] }, permissions: { clipboardWrite: {} } };
  const mimeType = "text/html;profile=mcp-app";
  expect(await client.resources()).toMatchObject([{ uri: options.uri, mimeType, _meta: { ui } }]);
  expect(await client.read(options.uri)).toEqual([{ uri: options.uri, mimeType, text: options.html, _meta: { ui } }]);
  await client.close();
});

test("which tool has which view, and what that may reach, is part of the contract", () => {
  expect(readContract(serverWith(toolWith({ view })))).toMatchObject({
    capabilities: { extensions: { "io.modelcontextprotocol/ui": {} } },
    tools: { list_things: { _meta: { ui: { resourceUri: "ui://things/list" } } } },
    resources: { "ui://things/list": { _meta: { ui: { csp: { connectDomains: ["https://api.example.com"] } } } } },
  });
});

test("a document is read each time it is asked for, and one that was not built says how to build it", async () => {
  let times = 0;
  const html = () => {
    times += 1;
    if (times === 2) throw new Error("ENOENT dist/views/list.html");
    return options.html as string;
  };
  const lines: string[] = [];
  const client = await connect(serverWith(toolWith({ view: defineView({ ...options, html }) })), {
    wire: "stdio-2026",
    log: lines,
  });
  await client.read(options.uri);
  await expect(client.read(options.uri)).rejects.toThrow();
  expect(lines.join("\n")).toMatch(/list_view.*ENOENT.*npm run build/);
  await client.close();
});

test.each([
  ["a URI of another scheme", { uri: "https://things.example.com" }, /URI of view "list_view" must begin with ui:/],
  ["a URI with variables", { uri: "ui://things/{id}" }, /have no variables/],
  ["no document", { html: undefined }, /view "list_view" has no html/],
  ["an origin with a path", { csp: { connectDomains: ["https://a.example.com/x"] } }, /Name an origin/],
  ["any origin", { csp: { resourceDomains: ["*"] } }, /Name an origin/],
  ["an origin in the clear", { csp: { connectDomains: ["http://a.example.com"] } }, /Name an origin/],
  ["a directive in an origin", { csp: { frameDomains: ["https://a.example.com; script-src *"] } }, /Name an origin/],
  ["a keyword as an origin", { csp: { resourceDomains: ["'unsafe-eval'"] } }, /Name an origin/],
  ["another list", { csp: { scriptDomains: [] } }, /made of lists: connectDomains/],
  ["no list of lists", { csp: null }, /csp of view "list_view" must be an object/],
  ["a whole top-level domain", { csp: { connectDomains: ["https://*.com"] } }, /Name an origin/],
  ["a port that there is not", { csp: { connectDomains: ["https://a.example.com:99999"] } }, /Name an origin/],
  ["a permission outside a list", { permissions: "camera" }, /permissions of view "list_view" must be a list/],
  ["a border that is neither", { prefersBorder: "yes" }, /must be true or false/],
  ["a permission that there is not", { permissions: ["bluetooth"] }, /permission "bluetooth"/],
] as [string, object, RegExp][])("%s is refused", (_what, more, culprit) => {
  expect(() => defineView({ ...options, ...more } as ViewOptions)).toThrow(culprit);
});

test("a list of the csp may be left undefined, and a view without anything is refused by name", () => {
  expect(defineView({ ...options, csp: { connectDomains: undefined } })._meta).toEqual({ ui: { csp: {} } });
  expect(() => defineView(undefined as never)).toThrow(DefinitionError);
});

test.each([
  ["text in place of an object", "app", /_meta.ui of tool "list_things" must be an object/],
  ["a list in place of an object", ["app"], /must be an object/],
  ["whom it is for, not in a list", { visibility: "app" }, /visibility of tool "list_things" must be a list/],
  ["a reader that there is not", { visibility: ["apps"] }, /must be a list of "model" and "app"/],
  ["nobody", { visibility: [] }, /must be a list/],
  ["a view of another scheme", { resourceUri: "https://a.example.com" }, /must begin with ui:/],
] as [string, unknown, RegExp][])(
  "a tool that says %s of views is refused: clients would show it to models",
  (_what, ui, culprit) => {
    expect(() => toolWith({ _meta: { ui } })).toThrow(culprit);
    expect(() => toolWith({ _meta: { ui }, view })).toThrow(DefinitionError);
  },
);

test("a tool has one view, and keeps what else its _meta says", () => {
  const _meta = { "example.com/x": 1, ui: { visibility: ["app"] } };
  expect(toolWith({ view, _meta })._meta).toEqual({
    "example.com/x": 1,
    ui: { visibility: ["app"], resourceUri: options.uri },
  });
  expect(() => toolWith({ view, _meta: { ui: { resourceUri: "ui://other/x" } } })).toThrow(/Name one/);
});

test("a tool's view must come from defineView", () => {
  expect(() => toolWith({ view: "ui://things/list" })).toThrow(/view of tool "list_things" was not made by defineView/);
});
