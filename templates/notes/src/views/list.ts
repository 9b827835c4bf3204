// Notes of list_notes and search_notes: search, open, next page, delete after a question.
import { button, connectHost, element, fillInPieces, type ToolAnswer, visible } from "@offshoot/core/view";
import type { z } from "zod";
import type { ListNotes, SearchHit, SearchNotes } from "../domain/list.ts";
import type { Note, NoteSummary } from "../domain/note.ts";
import { askToConfirm } from "./confirm.ts";

type Listed = NoteSummary & Partial<Pick<SearchHit, "snippet">>;
type Page = { notes: Listed[]; next_cursor?: string | undefined };
type Query = z.input<typeof ListNotes> | z.input<typeof SearchNotes>;

const main = document.querySelector("main") as HTMLElement;
const status = document.querySelector("[role=status]") as HTMLElement;
const field = element("input", { type: "search", id: "words", placeholder: "Words to find", keydown: onKey });
const results = element("div");
let query: Query = {};
let page: Page = { notes: [] };
/** Counts what is asked for: an answer to an earlier question that comes late is not shown. */
let turn = 0;

const host = connectHost<Query, Page>("notes-list", {
  input(input) {
    query = input;
    if ("query" in input) field.value = input.query;
  },
  answer({ data, text }) {
    if (data === undefined) fail(text);
    else showList(data);
  },
  cancelled() {
    status.textContent = "The call was cancelled.";
  },
});
main.append(
  element("h1", {}, "Notes"),
  element(
    "div",
    { class: "row" },
    element("label", { for: "words", class: "quiet" }, "Search"),
    field,
    button("Search", search),
  ),
  results,
);

function onKey(event: Event): void {
  // No form: a sandbox that forbids them never submits one.
  if ((event as KeyboardEvent).key === "Enter") void search();
}

function search(): Promise<void> {
  const words = field.value.trim();
  return load(words === "" ? {} : { query: words });
}

async function load(wanted: Query): Promise<void> {
  const data = await call<Page>("query" in wanted ? "search_notes" : "list_notes", wanted);
  if (data === undefined) return;
  query = wanted;
  showList(data);
}

function showList(data: Page): void {
  turn += 1;
  page = data;
  const { notes, next_cursor: cursor } = data;
  status.textContent = notes.length === 0 ? "No notes found." : `${notes.length} notes on this page.`;
  const list = element("ul");
  results.replaceChildren(
    list,
    fillInPieces(list, notes, (note) => element("li", {}, entry(note))),
  );
  if (cursor !== undefined) results.append(button("Next page", () => load({ ...query, cursor })));
}

const entry = (note: Listed): HTMLElement => {
  const made = button("", () => open(note.id));
  made.append(
    element("strong", { dir: "auto" }, visible(note.title)),
    element("span", { class: "quiet", dir: "auto" }, about(note)),
  );
  if (note.snippet !== undefined) made.append(element("span", { dir: "auto" }, visible(note.snippet)));
  return made;
};

const about = ({ id, folder, tags, updated_at: updated }: NoteSummary): string =>
  visible(
    [id, folder, tags.map((tag) => `#${tag}`).join(" "), when(updated)].filter((part) => part !== "").join(" · "),
  );

const when = (time: string): string =>
  new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

async function open(id: string): Promise<void> {
  const note = await call<Note>("get_note", { id });
  if (note === undefined) return;
  status.textContent = "";
  const heading = element("h1", { tabindex: "-1", dir: "auto" }, visible(note.title));
  results.replaceChildren(
    heading,
    element("p", { class: "quiet", dir: "auto" }, about(note)),
    element("pre", { tabindex: "0", role: "region", "aria-label": "Text of the note", dir: "auto" }, note.body),
    element(
      "div",
      { class: "row" },
      button("Back to the list", () => showList(page)),
      button("Delete…", () => remove(note), { class: "danger" }),
    ),
  );
  // What is read next begins here, also for those who do not see it.
  heading.focus();
}

async function remove({ id, title }: NoteSummary): Promise<void> {
  if (!(await askToConfirm(id, title))) return;
  const data = await call("delete_note_confirmed", { id }, true);
  if (data === undefined) return;
  showList({ ...page, notes: page.notes.filter((note) => note.id !== id) });
  status.textContent = `“${visible(title)}” is in the trash.`;
  await host.tellModel(`The user has moved the note ${id} to the trash. restore_note brings it back.`);
}

/** The data of a call; where there is none, why is shown. What changes something counts however late it comes. */
async function call<Data>(tool: string, input: object, changes = false): Promise<Data | undefined> {
  turn += 1;
  const mine = turn;
  status.textContent = "Loading…";
  const answer = await host
    .callTool<Data>(tool, { ...input })
    .catch((error: Error): ToolAnswer<Data> => ({ data: undefined, text: error.message, isError: true, content: [] }));
  if (mine !== turn && !changes) return undefined;
  if (answer.data === undefined) fail(answer.text);
  return answer.data;
}

function fail(text: string): void {
  status.textContent = "";
  results.replaceChildren(
    element("p", { role: "alert" }, visible(text)),
    button("To the list", () => load({})),
  );
}
