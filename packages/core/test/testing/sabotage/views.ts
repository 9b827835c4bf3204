import { bookView } from "../shelf.ts";
import { resource, type Sabotage, tool } from "./sabotage.ts";

/** The view with its document changed. */
const changed = (change: (html: string) => string, item: object = {}) =>
  resource("book_view", () => ({
    read: async () => {
      const [whole] = (await bookView.read({}, undefined as never)) as {
        uri: string;
        mimeType: string;
        text: string;
      }[];
      return [{ ...(whole as { uri: string; mimeType: string }), text: change(whole?.text ?? ""), ...item }];
    },
  }));
const addsScript = (script: string) => changed((html) => html.replace("</body>", `<script>${script}</script></body>`));

/** On views. */
export const viewSabotages: readonly Sabotage[] = [
  {
    id: "view-document",
    how: "plain HTML, which no client takes for a view",
    server: changed(String, { mimeType: "text/html" }),
  },
  { id: "view-document", how: "a part of a page", server: changed(() => "<p>Books</p>") },
  {
    id: "view-document",
    how: "a tool names a view that is not there",
    server: tool("get_book", () => ({ _meta: { ui: { resourceUri: "ui://shelf/none" } } })),
  },
  {
    id: "view-network",
    how: "a font from elsewhere that its csp does not name",
    server: changed((html) =>
      html.replace("<ul>", '<link rel="stylesheet" href="https://fonts.example.com/a.css"><ul>'),
    ),
  },
  {
    id: "view-network",
    how: "a csp that allows everything",
    server: changed(String, { _meta: { ui: { csp: { connectDomains: ["*"] } } } }),
  },
  {
    id: "view-text",
    how: "a text that only points at the view",
    server: tool("list_books", () => ({ toText: () => "Shown." })),
  },
  { id: "view-renders", how: "it throws", server: addsScript("none.such()") },
  { id: "view-renders", how: "it writes an error to the console", server: addsScript("console.error('lost')") },
  {
    id: "view-renders",
    how: "it asks for what its policy blocks, by an address that no text shows",
    server: addsScript("new Image().src = ['https:', '', 'a.example.com', 'x.png'].join('/')"),
  },
  {
    id: "view-renders",
    how: "it leaves for another page",
    server: addsScript("location = ['https:', '', 'a.example.com'].join('/')"),
  },
  { id: "view-renders", how: "it shows nothing", server: changed((html) => html.replace("<ul>", "<ul hidden>")) },
];
