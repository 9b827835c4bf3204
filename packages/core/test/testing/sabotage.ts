import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { fail, type Prompt, type Resource, type ServerDefinition, type Tool } from "../../src/index.ts";
import type { Input, TestClient, Wire } from "../../src/testing/index.ts";
import type { Shelf } from "./shelf.ts";

/** One way to break the shelf, and the requirement that must notice. */
export interface Sabotage {
  id: string;
  how: string;
  /** Default `stdio-2025`. */
  wire?: Wire;
  /** Alters the definition after `defineServer`, which would have refused most of this. */
  server?: (sound: ServerDefinition, shelf: Shelf) => ServerDefinition;
  /** Alters what arrives at the client, for what core does not let a definition do. */
  client?: (real: TestClient) => Partial<TestClient>;
}

type Kind = "tools" | "resources" | "prompts";
const alter = <Item>(kind: Kind, name: string, change: (item: Item) => Partial<Item>) => (sound: ServerDefinition) =>
  ({
    ...sound,
    [kind]: new Map([...(sound[kind] as ReadonlyMap<string, Item>)].map(([key, item]) => [key, key === name ? { ...item, ...change(item) } : item])),
  }) as ServerDefinition;
const tool = (name: string, change: (tool: Tool) => Partial<Tool>) => alter<Tool>("tools", name, change);
const resource = (name: string, change: (resource: Resource) => Partial<Resource>) => alter<Resource>("resources", name, change);
const prompt = (change: (prompt: Prompt) => Partial<Prompt>) => alter<Prompt>("prompts", "review", change);

const field = (sound: Tool, which: "input" | "output", name: string, schema: object): Partial<Tool> => {
  const root = sound.json[which];
  return { json: { ...sound.json, [which]: { ...root, properties: { ...(root.properties as object), [name]: schema } } } };
};

const request = (answer: (method: string, params: Input, real: TestClient["request"]) => Promise<Record<string, unknown>>) => (real: TestClient) => ({
  request: (method: string, params: Input = {}) => answer(method, params, real.request),
});

const without = <Key extends string>(object: Record<string, unknown>, key: Key): Record<string, unknown> => {
  const { [key]: _, ...rest } = object;
  return rest;
};

export const sabotages: readonly Sabotage[] = [
  { id: "server-info", how: "another version is announced", client: ({ serverInfo }) => ({ serverInfo: { ...serverInfo, version: "0.0.1" } }) },
  { id: "instructions", how: "there are none", server: (sound) => without({ ...sound }, "instructions") as unknown as ServerDefinition },
  { id: "unknown-method", how: "every method is answered", client: request((method, params, real) => (method.startsWith("offshoot/") ? Promise.resolve({}) : real(method, params))) },
  { id: "ping", how: "a ping goes unanswered", client: request((method, params, real) => (method === "ping" ? Promise.reject(new Error("gone")) : real(method, params))) },
  {
    id: "survives-errors",
    how: "a bad request ends the server",
    client: (real) => {
      let dead = false;
      return request((method, params) => {
        if (dead) return Promise.reject(new Error("Connection closed"));
        dead = method === "tools/call" && typeof params.name !== "string";
        return real.request(method, params);
      })(real);
    },
  },
  {
    id: "concurrent-calls",
    how: "two calls at once share a variable",
    server: (sound, { books }) => {
      let latest = "";
      return tool("get_book", () => ({
        handler: async ({ id }) => {
          latest = id;
          await sleep(1);
          return { id: latest, title: books.get(latest) ?? fail(`No book "${latest}". Call list_books.`) };
        },
      }))(sound);
    },
  },
  { id: "cancelled-call", how: "the cancellation is not heeded", client: (real) => ({ call: (name, input, options = {}) => real.call(name, input, without({ ...options }, "signal")) }) },
  {
    id: "nothing-after-close",
    how: "a closed client still gets answers",
    client: (real) => {
      let closed = false;
      return {
        request: (method, params) => (closed ? Promise.resolve({}) : real.request(method, params)),
        close: async () => {
          closed = true;
          await real.close();
        },
      };
    },
  },
  {
    id: "lists-complete",
    how: "the last tool is on no page",
    client: request(async (method, params, real) => {
      const page = await real(method, params);
      return method === "tools/list" ? { ...page, tools: (page.tools as unknown[]).slice(0, -1) } : page;
    }),
  },
  {
    id: "lists-stable",
    how: "every second list is the other way round",
    client: (real) => {
      let asked = 0;
      return request(async (method, params) => {
        const page = await real.request(method, params);
        if (method !== "resources/list") return page;
        asked += 1;
        return { ...page, resources: asked % 2 === 0 ? page.resources : (page.resources as unknown[]).toReversed() };
      })(real);
    },
  },
  { id: "forged-cursor", how: "any cursor gives the first page", client: request((method, params, real) => real(method, params.cursor === undefined ? params : {})) },
  {
    id: "cache-hints",
    how: "a list does not say how long it holds",
    wire: "stdio-2026",
    client: request(async (method, params, real) => (method.startsWith("tools/") ? without(await real(method, params), "ttlMs") : real(method, params))),
  },
  { id: "no-hidden-text", how: "a zero-width space in a description", server: tool("get_book", () => ({ description: "Read one book\u200b by its id." })) },
  { id: "capabilities-kept", how: "prompts are not announced", client: ({ capabilities }) => ({ capabilities: without(capabilities, "prompts") }) },
  { id: "completion-bounded", how: "a value is suggested twice", server: resource("book", () => ({ complete: { id: () => ["b1", "b1"] } })) },
  {
    id: "tool-names",
    how: "a name with capitals and a dash",
    server: (sound) => ({ ...sound, tools: new Map([...sound.tools, ["Get-Book", { ...(sound.tools.get("get_book") as Tool), name: "Get-Book" }]]) }),
  },
  { id: "tool-texts", how: "an empty title", server: tool("get_book", () => ({ title: "" })) },
  { id: "tool-annotations", how: "a tool without hints", server: tool("add_book", () => ({ annotations: {} })) },
  { id: "tool-schemas", how: "a reference to another host", server: tool("remove_book", (sound) => field(sound, "input", "id", { $ref: "https://example.com/id.json", description: "Book id" })) },
  { id: "fields-described", how: "a bare field", server: tool("add_book", (sound) => field(sound, "input", "title", { type: "string" })) },
  { id: "output-open", how: "a closed output schema", server: tool("add_book", ({ json }) => ({ json: { ...json, output: { ...json.output, additionalProperties: false } } })) },
  {
    id: "unknown-tool",
    how: "an unknown tool gives an error result",
    client: (real) => ({
      call: async (name, input, options) => (name.includes("_book") ? real.call(name, input, options) : { text: "no such tool", data: undefined, isError: true, content: [], meta: {} }),
    }),
  },
  { id: "valid-input", how: "a tool that always refuses", server: tool("add_book", () => ({ handler: () => fail("The shelf is full. Remove a book first.") })) },
  { id: "output-fits-schema", how: "a listed type that is not sent", server: tool("add_book", (sound) => field(sound, "output", "title", { type: "number", description: "Title" })) },
  { id: "text-twin", how: "no text beside the data", server: tool("add_book", () => ({ toText: () => "" })) },
  { id: "invalid-input", how: "the published schema is not enforced", server: tool("add_book", () => ({ inputSchema: z.looseObject({}) })) },
  {
    id: "unknown-keys",
    how: "a handler that knows every key by name",
    server: tool("list_books", () => ({
      inputSchema: z.looseObject({ limit: z.int().min(1).max(100).default(20) }),
      handler: ({ limit, ...rest }) => {
        if (Object.keys(rest).length > 0) throw new TypeError("unexpected");
        return { books: [{ id: "b1", title: String(limit) }] };
      },
    })),
  },
  {
    id: "failing-input",
    how: "an expected failure that is no ToolError",
    server: (sound, { books }) =>
      tool("get_book", () => ({
        handler: ({ id }) => {
          const title = books.get(id);
          if (title === undefined) throw new Error("not found");
          return { id, title };
        },
      }))(sound),
  },
  {
    id: "errors-leak-nothing",
    how: "an error with a path of the host",
    server: (sound, { books }) => tool("get_book", () => ({ handler: ({ id }) => ({ id, title: books.get(id) ?? fail(`ENOENT: open '/home/ada/shelf/${id}.json'`) }) }))(sound),
  },
  {
    id: "prototype-keys",
    how: "the key is dropped in silence",
    client: (real) => ({ call: (name, input, options) => real.call(name, JSON.stringify(input)?.includes("polluted") ? { id: "b1" } : input, options) }),
  },
  {
    id: "read-only-repeats",
    how: "a lookup that moves what it found to the end",
    server: (sound, { books }) => {
      let turn = 0;
      return tool("list_books", () => ({
        handler: () => {
          turn += 1;
          const all = [...books].map(([id, title]) => ({ id, title }));
          return { books: turn % 2 === 0 ? all : all.toReversed() };
        },
      }))(sound);
    },
  },
  {
    id: "read-only-silent",
    how: "a lookup that announces a change",
    server: (sound, shelf) =>
      tool("get_book", ({ handler }) => ({
        handler: (input, call) => {
          shelf.changed(input.id);
          return handler(input, call);
        },
      }))(sound),
  },
  {
    id: "resources-described",
    how: "entries without a name",
    server: (sound, { books }) => resource("book", () => ({ list: () => ({ resources: [...books.keys()].map((id) => ({ uri: `book://${id}`, name: "" })) }) }))(sound),
  },
  { id: "resources-readable", how: "contents of another URI", server: resource("titles", () => ({ read: () => [{ uri: "shelf://other", mimeType: "text/plain", text: "Walden" }] })) },
  { id: "unknown-resource", how: "an unknown URI reads as nothing", client: (real) => ({ read: async (uri) => (/^(book|shelf):/.test(uri) ? real.read(uri) : []) }) },
  { id: "missing-resource", how: "a missing book reads as an empty one", server: (sound, { books }) => resource("book", () => ({ read: ({ id = "" }) => books.get(id) ?? "" }))(sound) },
  { id: "subscription", how: "subscriptions are refused", client: () => ({ subscribe: () => Promise.reject(new Error("no")) }) },
  { id: "prompts-described", how: "an argument without a description", server: prompt(({ listed }) => ({ listed: listed.map((argument) => ({ ...argument, description: "" })) })) },
  { id: "prompt-messages", how: "a prompt without messages", server: prompt(() => ({ handler: () => [] })) },
  { id: "prompt-arguments", how: "a required argument may be missing", server: prompt(() => ({ arguments: z.object({ id: z.string().optional() }), handler: ({ id }) => `Review ${id}.` })) },
  {
    id: "unknown-prompt",
    how: "an unknown prompt gives no messages",
    client: (real) => ({ prompt: async (name, input) => (name === "review" ? real.prompt(name, input) : { messages: [] }) }),
  },
];
