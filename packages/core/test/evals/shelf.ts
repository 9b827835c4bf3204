// A small server with several callers, whose handlers can be made worse one by one.
import { z } from "zod";
import { defineResource, defineServer, defineTool, fail } from "../../src/index.ts";

export interface Worse {
  /** Forgets whose book it is. */
  everyones?: boolean;
  /** Drops the author. */
  noAuthor?: boolean;
  /** Refuses without a next step. */
  curt?: boolean;
  /** Removes before it looks whether it may. */
  eager?: boolean;
}

export function openShelf(worse: Worse = {}) {
  const books: { id: string; title: string; author: string; owner: string }[] = [];
  const missing = (id: string): never => fail(worse.curt ? "No." : `No book "${id}". Call list_books to see the ids.`);
  const find = (id: string, owner: string) =>
    books.find((book) => book.id === id && (worse.everyones || book.owner === owner)) ?? missing(id);
  const shown = ({ id, title, author }: (typeof books)[number]) => ({
    id,
    title,
    author: worse.noAuthor ? "" : author,
  });
  const Book = z.object({
    id: z.string().describe("Id"),
    title: z.string().describe("Title"),
    author: z.string().describe("Author"),
  });
  const server = defineServer({
    name: "shelf",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "add_book",
        title: "add_book",
        description: "Put a new book on the shelf.",
        inputSchema: z.object({ title: z.string().min(1).describe("Title"), author: z.string().describe("Author") }),
        outputSchema: Book,
        handler: ({ title, author }, { caller }) => {
          const book = { id: `b${books.length + 1}`, title, author, owner: caller.id };
          books.push(book);
          return shown(book);
        },
      }),
      defineTool({
        name: "find_book",
        title: "find_book",
        description: "Read one book by its id.",
        inputSchema: z.object({ id: z.string().describe("Id") }),
        outputSchema: Book,
        annotations: { readOnlyHint: true },
        handler: ({ id }, { caller }) => shown(find(id, caller.id)),
      }),
      defineTool({
        name: "remove_book",
        title: "remove_book",
        description: "Take a book off the shelf for good, when the user agrees.",
        inputSchema: z.object({ id: z.string().describe("Id") }),
        outputSchema: z.object({ removed: z.boolean().describe("Whether it is gone") }),
        handler: async ({ id }, call) => {
          const book = find(id, call.caller.id);
          const remove = () => books.splice(books.indexOf(book), 1);
          if (worse.eager) remove();
          const sure = await call.elicit({ message: "Sure?", schema: z.object({ yes: z.boolean().describe("Yes") }) });
          if (sure.action !== "accept" || !sure.content.yes) fail("The user keeps the book. Ask what to do instead.");
          if (!worse.eager) remove();
          return { removed: true };
        },
      }),
    ],
    resources: [
      defineResource({
        name: "count",
        title: "count",
        description: "How many books there are.",
        uri: "shelf://count",
        read: () => String(books.length),
      }),
    ],
  });
  return { server, state: () => books };
}
