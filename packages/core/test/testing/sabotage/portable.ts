import { field, type Sabotage, tool } from "./sabotage.ts";

/** On what hosts and makers of models ask beyond the specification. */
export const portableSabotages: readonly Sabotage[] = [
  {
    id: "schemas-in-draft-seven",
    how: "a schema names its dialect",
    server: tool("get_book", ({ json }) => ({
      json: { ...json, input: { $schema: "https://json-schema.org/draft/2020-12/schema", ...json.input } },
    })),
  },
  {
    id: "schemas-fit-gemini",
    how: "an empty text to choose from",
    server: tool("add_book", (sound) =>
      field(sound, "input", "title", { type: "string", enum: ["", "Emma"], description: "Title of the book" }),
    ),
  },
  {
    id: "schemas-fit-openai",
    how: "a value that is ruled out",
    server: tool("add_book", (sound) =>
      field(sound, "input", "title", { type: "string", not: { const: "Emma" }, description: "Title of the book" }),
    ),
  },
  {
    id: "list-in-budget",
    how: "examples as long as a book",
    server: tool("get_book", ({ json }) => ({
      json: {
        ...json,
        input: { ...json.input, examples: Array.from({ length: 10_000 }, (_, id) => ({ id: `b${id}` })) },
      },
    })),
  },
  {
    id: "text-for-every-result",
    how: "no text beside the data",
    server: tool("add_book", () => ({ toText: () => "" })),
  },
  {
    id: "no-bytes-in-data",
    how: "a picture as a field",
    server: tool("add_book", ({ handler }) => ({
      handler: async (input, call) => {
        const picture = Buffer.from("89504e470d0a1a0a", "hex").toString("base64");
        return { ...((await handler(input, call)) as object), title: picture };
      },
    })),
  },
];
