import { z } from "zod";
import {
  definePrompt,
  defineResource,
  defineServer,
  defineTool,
  defineView,
  fail,
  type ServerDefinition,
} from "../../src/index.ts";
import type { Samples } from "../../src/testing/index.ts";

const BookId = z
  .string()
  .regex(/^b[1-9][0-9]{0,5}$/)
  .describe("Book id, as returned by add_book");
const Book = z.object({ id: BookId, title: z.string().describe("Title of the book") });

/** What a handler of the shelf can do beyond its data: tests of the suite need a change to announce. */
export interface Shelf {
  books: Map<string, string>;
  changed: (id: string) => void;
}

export function createShelf(): Shelf {
  return {
    books: new Map([
      ["b1", "Walden"],
      ["b2", "Emma"],
    ]),
    changed: () => {},
  };
}

// By hand, what `@offshoot/core/view` does for a view.
const bookList = `<!doctype html><html lang="en"><head><title>Books</title></head><body><ul></ul><script>
const post = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
addEventListener("message", ({ source, data }) => {
  if (source !== parent) return;
  if (data.id === 1) post({ method: "ui/notifications/initialized", params: {} });
  if (data.method !== "ui/notifications/tool-result") return;
  for (const { title } of data.params.structuredContent.books)
    document.querySelector("ul").append(Object.assign(document.createElement("li"), { textContent: title }));
});
post({ id: 1, method: "ui/initialize", params: { appInfo: { name: "books", version: "1.0.0" }, appCapabilities: {}, protocolVersion: "2026-01-26" } });
</script></body></html>`;

export const bookView = defineView({
  name: "book_view",
  title: "Books",
  description: "The books of list_books.",
  uri: "ui://shelf/books",
  html: bookList,
});

/** A small server that has something of everything and meets every requirement. */
export function shelfServer(shelf: Shelf = createShelf()): ServerDefinition {
  const { books } = shelf;
  const find = (id: string) =>
    books.get(id) ?? fail(`No book "${id}". Call list_books to see the ids.`, { code: "not_found" });
  return defineServer({
    name: "shelf",
    version: "2.1.0",
    instructions: "Call list_books first; get_book and remove_book take its ids.",
    tools: [
      defineTool({
        name: "get_book",
        title: "Read a book",
        description: "Read one book by its id.",
        inputSchema: z.object({ id: BookId }),
        outputSchema: Book,
        annotations: { readOnlyHint: true },
        handler: ({ id }) => ({ id, title: find(id) }),
      }),
      defineTool({
        name: "list_books",
        title: "List the books",
        description: "List books, in the order in which they came.",
        inputSchema: z.object({ limit: z.int().min(1).max(100).default(20).describe("How many, at most") }),
        outputSchema: z.object({ books: z.array(Book).describe("The books") }),
        annotations: { readOnlyHint: true },
        view: bookView,
        toText: (data) => data.books.map(({ id, title }) => `${id} ${title}`).join("\n") || "no books",
        handler: ({ limit }) => ({ books: [...books].slice(0, limit).map(([id, title]) => ({ id, title })) }),
      }),
      defineTool({
        name: "add_book",
        title: "Add a book",
        description: "Put a book on the shelf and get its id.",
        inputSchema: z.object({
          title: z.string().min(1).max(200).describe("Title of the book"),
          request_id: z.string().min(1).optional().describe("Names this one request, so that it can be repeated"),
        }),
        outputSchema: Book,
        annotations: { readOnlyHint: false, destructiveHint: false },
        idempotency: { key: "request_id" },
        handler: ({ title }) => {
          const id = `b${books.size + 1}`;
          books.set(id, title);
          shelf.changed(id);
          return { id, title };
        },
      }),
      defineTool({
        name: "remove_book",
        title: "Remove a book",
        description: "Take a book off the shelf, for good.",
        inputSchema: z.object({ id: BookId }),
        outputSchema: z.object({ removed: BookId }),
        annotations: { destructiveHint: true },
        handler: ({ id }) => {
          find(id);
          books.delete(id);
          shelf.changed(id);
          return { removed: id };
        },
      }),
    ],
    resources: [
      defineResource({
        name: "titles",
        title: "All titles",
        description: "The titles of all books, a line each.",
        uri: "shelf://titles",
        read: () => [...books.values()].join("\n"),
      }),
      defineResource({
        name: "book",
        title: "A book",
        description: "One book.",
        uri: "book://{id}",
        mimeType: "text/markdown",
        subscribe: true,
        read: ({ id }) => `# ${find(id)}`,
        list: () => ({ resources: [...books].map(([id, title]) => ({ uri: `book://${id}`, name: title })) }),
        complete: { id: (typed) => [...books.keys()].filter((id) => id.startsWith(typed)) },
      }),
    ],
    prompts: [
      definePrompt({
        name: "review",
        title: "Review a book",
        description: "Write a review of one book.",
        arguments: z.object({
          id: z.string().describe("Book id"),
          tone: z.enum(["kind", "harsh"]).default("kind").describe("How it sounds"),
        }),
        handler: ({ id, tone }) => `Write a ${tone} review of "${find(id)}".`,
      }),
    ],
    changes: (emit) => {
      shelf.changed = (id) => {
        emit.resourceUpdated(`book://${id}`);
        emit.resourcesChanged();
      };
      return () => {
        shelf.changed = () => {};
      };
    },
  });
}

export const shelfSamples: Samples = {
  tools: {
    get_book: { valid: [{ id: "b1" }, { id: "b2" }], failing: [{ id: "b999" }] },
    list_books: { valid: [{}, { limit: 1 }] },
    add_book: { valid: [{ title: "Middlemarch" }, { title: "Persuasion" }] },
    remove_book: { valid: [{ id: "b2" }], failing: [{ id: "b999" }] },
  },
  resources: { missing: ["book://b999"] },
  prompts: { review: [{ id: "b1", tone: "harsh" }] },
};
