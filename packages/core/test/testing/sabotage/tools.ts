import { z } from "zod";
import { fail, type Tool } from "../../../src/index.ts";
import { field, type Sabotage, tool } from "./sabotage.ts";

/** On tools. */
export const toolSabotages: readonly Sabotage[] = [
  {
    id: "tool-names",
    how: "a name with capitals and a dash",
    server: (sound) => ({
      ...sound,
      tools: new Map([...sound.tools, ["Get-Book", { ...(sound.tools.get("get_book") as Tool), name: "Get-Book" }]]),
    }),
  },
  ...(
    [
      ["a name that looks like another", "get_b00k"],
      ["a name of two characters", "go"],
      ["the name of a host's own tool", "web_search"],
    ] as const
  ).map(
    ([how, name]): Sabotage => ({
      id: "tool-names",
      how,
      server: (sound) => ({
        ...sound,
        tools: new Map([...sound.tools, [name, { ...(sound.tools.get("get_book") as Tool), name }]]),
      }),
    }),
  ),
  {
    id: "read-only-profile",
    how: "a policy of its own in the place of read-only",
    wire: "stdio-2026",
    server: (sound) => ({
      ...sound,
      policies: {
        "read-only": {
          default: "deny",
          rules: [{ name: "all", who: "everyone", what: { destructive: false }, decision: "allow" }],
        },
      },
    }),
  },
  { id: "tool-texts", how: "an empty title", server: tool("get_book", () => ({ title: "" })) },
  { id: "tool-annotations", how: "a tool without hints", server: tool("add_book", () => ({ annotations: {} })) },
  {
    id: "tool-schemas",
    how: "a reference to another host",
    server: tool("remove_book", (sound) =>
      field(sound, "input", "id", { $ref: "https://example.com/id.json", description: "Book id" }),
    ),
  },
  {
    id: "fields-described",
    how: "a bare field",
    server: tool("add_book", (sound) => field(sound, "input", "title", { type: "string" })),
  },
  {
    id: "output-open",
    how: "a closed output schema",
    server: tool("add_book", ({ json }) => ({
      json: { ...json, output: { ...json.output, additionalProperties: false } },
    })),
  },
  {
    id: "unknown-tool",
    how: "an unknown tool gives an error result",
    client: (real) => ({
      call: async (name, input, options) =>
        name.includes("_book")
          ? real.call(name, input, options)
          : { text: "no such tool", data: undefined, isError: true, content: [], meta: {} },
    }),
  },
  {
    id: "valid-input",
    how: "a tool that always refuses",
    server: tool("add_book", () => ({ handler: () => fail("The shelf is full. Remove a book first.") })),
  },
  {
    id: "output-fits-schema",
    how: "a listed type that is not sent",
    server: tool("add_book", (sound) => field(sound, "output", "title", { type: "number", description: "Title" })),
  },
  {
    id: "text-twin",
    how: "a text that says something else",
    client: (real) => ({
      call: async (name, input, options) => {
        const result = await real.call(name, input, options);
        return name === "add_book" ? { ...result, content: [{ type: "text", text: '{"id":"b1"}' }] } : result;
      },
    }),
  },
  {
    id: "idempotency-key",
    how: "a handler says that it keeps the keys, and does not",
    server: tool("add_book", () => ({ idempotency: { key: "request_id", keptBy: "handler" } })),
  },
  {
    id: "idempotency-key",
    how: "a key answers whatever it is used for",
    client: (real) => {
      const answers = new Map<unknown, ReturnType<typeof real.call>>();
      return {
        call: (name, input = {}, options) => {
          const key = input.request_id;
          const answer = answers.get(key) ?? real.call(name, input, options);
          if (typeof key === "string" && name === "add_book") answers.set(key, answer);
          return answer;
        },
      };
    },
  },
  {
    id: "invalid-input",
    how: "the published schema is not enforced",
    server: tool("add_book", () => ({ inputSchema: z.looseObject({}) })),
  },
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
    server: (sound, { books }) =>
      tool("get_book", () => ({
        handler: ({ id }) => ({ id, title: books.get(id) ?? fail(`ENOENT: open '/home/ada/shelf/${id}.json'`) }),
      }))(sound),
  },
  {
    id: "prototype-keys",
    how: "the key is dropped in silence",
    client: (real) => ({
      call: (name, input, options) =>
        real.call(name, JSON.stringify(input)?.includes("polluted") ? { id: "b1" } : input, options),
    }),
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
    id: "tool-schemas",
    how: "no output schema",
    server: tool("add_book", ({ json }) => ({ json: { ...json, output: undefined as never } })),
  },
  {
    id: "invalid-input",
    how: "an error that does not say which field",
    client: (real) => ({
      call: async (name, input, options) => {
        const outcome = await real.call(name, input, options);
        return outcome.text.startsWith("Invalid input") ? { ...outcome, text: "Invalid input." } : outcome;
      },
    }),
  },
  {
    id: "invalid-input",
    how: "a JSON-RPC error, which ends at the host",
    client: (real) => ({
      call: async (name, input, options) => {
        const outcome = await real.call(name, input, options);
        if (outcome.text.startsWith("Invalid input")) throw Object.assign(new Error(outcome.text), { code: -32_602 });
        return outcome;
      },
    }),
  },
  {
    id: "text-twin",
    how: "text that is not the data",
    client: (real) => ({
      call: async (name, input, options) => {
        const outcome = await real.call(name, input, options);
        if (name !== "add_book" || outcome.isError) return outcome;
        return { ...outcome, content: [{ type: "text", text: '{"id":"b0","title":"Ulysses"}' }] };
      },
    }),
  },
  {
    id: "errors-leak-nothing",
    how: "an error with a stack trace",
    server: tool("remove_book", ({ handler }) => ({
      handler: (input, call) =>
        input.id === "b999" ? fail("No such book.\n    at find (shelf.js:12:7)") : handler(input, call),
    })),
  },
  {
    id: "recorded-versions",
    how: "a version that clients speak is gone",
    server: tool("get_book", () => ({ version: undefined })),
  },
];
