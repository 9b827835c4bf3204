import { z } from "zod";
import { prompt, resource, type Sabotage } from "./sabotage.ts";

/** On resources, prompts and completion. */
export const contentSabotages: readonly Sabotage[] = [
  {
    id: "completion-bounded",
    how: "a value is suggested twice",
    server: resource("book", () => ({ complete: { id: () => ["b1", "b1"] } })),
  },
  {
    id: "resources-described",
    how: "entries without a name",
    server: (sound, { books }) =>
      resource("book", () => ({
        list: () => ({ resources: [...books.keys()].map((id) => ({ uri: `book://${id}`, name: "" })) }),
      }))(sound),
  },
  {
    id: "resources-readable",
    how: "contents of another URI",
    server: resource("titles", () => ({
      read: () => [{ uri: "shelf://other", mimeType: "text/plain", text: "Walden" }],
    })),
  },
  {
    id: "unknown-resource",
    how: "an unknown URI reads as nothing",
    client: (real) => ({ read: async (uri) => (/^(book|shelf|ui):/.test(uri) ? real.read(uri) : []) }),
  },
  {
    id: "missing-resource",
    how: "a missing book reads as an empty one",
    server: (sound, { books }) => resource("book", () => ({ read: ({ id = "" }) => books.get(id) ?? "" }))(sound),
  },
  {
    id: "subscription",
    how: "subscriptions are refused",
    client: () => ({ subscribe: () => Promise.reject(new Error("no")) }),
  },
  {
    id: "prompts-described",
    how: "an argument without a description",
    server: prompt(({ listed }) => ({ listed: listed.map((argument) => ({ ...argument, description: "" })) })),
  },
  { id: "prompt-messages", how: "a prompt without messages", server: prompt(() => ({ handler: () => [] })) },
  {
    id: "prompt-arguments",
    how: "a required argument may be missing",
    server: prompt(() => ({
      arguments: z.object({ id: z.string().optional().describe("Id") }),
      handler: ({ id }) => `Review ${id}.`,
    })),
  },
  {
    id: "unknown-prompt",
    how: "an unknown prompt gives no messages",
    client: (real) => ({
      prompt: async (name, input) => (name === "review" ? real.prompt(name, input) : { messages: [] }),
    }),
  },
  {
    id: "completion-bounded",
    how: "101 values at once",
    client: () => ({ complete: async () => Array.from({ length: 101 }, (_, index) => `b${index}`) }),
  },
  {
    id: "resources-readable",
    how: "a book that is listed and cannot be read",
    server: resource("book", () => ({
      list: () => ({ resources: [{ uri: "book://b77", name: "Ulysses" }] }),
    })),
  },
  {
    id: "unknown-resource",
    how: "a refusal that does not say which URI",
    client: (real) => ({
      read: (uri) =>
        uri.startsWith("offshoot-")
          ? Promise.reject(Object.assign(new Error("no"), { code: -32_602 }))
          : real.read(uri),
    }),
  },
  {
    id: "subscription",
    how: "the capability is not announced",
    client: ({ capabilities }) => ({ capabilities: { ...capabilities, resources: {} } }),
  },
];
