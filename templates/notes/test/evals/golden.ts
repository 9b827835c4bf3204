import type { Scenario, Step } from "@offshoot/core/evals";
import { maintenance } from "./maintenance.ts";

const create = (title: string, body = "", more = {}): Step => ({
  call: "create_note",
  input: { title, body, ...more },
});
const kept = (as: string, title: string, body = "", more = {}): Step => ({ ...create(title, body, more), as });
const id = "{note.id}";
const scenario = (name: string, task: string, steps: Step[], given: Step[] = []): Scenario => ({
  name,
  kind: "golden",
  task,
  given,
  steps,
});

/** What people use notes for. */
export const golden: Scenario[] = [
  scenario(
    "a note that was written is read back as it was",
    'Write a note titled "Milk" that says "2 litres", then read it to me',
    [
      {
        ...kept("note", "Milk", "2 litres"),
        expect: { data: { title: "Milk", version: 1, size_bytes: 8 }, state: "changed" },
      },
      {
        call: "get_note",
        input: { id },
        expect: { data: { id, title: "Milk", body: "2 litres", size_bytes: 8, offset: 0 }, state: "same" },
      },
    ],
  ),
  scenario(
    "a word in a text finds its note and no other",
    "Which note is about turnips?",
    [
      {
        call: "search_notes",
        input: { query: "turnips" },
        expect: { data: { notes: [{ id, version: 1, size_bytes: 16 }] }, text: ["Soup"], notText: ["Cake"] },
      },
    ],
    [kept("note", "Soup", "turnips and leek"), create("Cake", "flour")],
  ),
  scenario(
    "a list by tag has the notes of that tag",
    "List my notes tagged home",
    [
      {
        call: "list_notes",
        input: { tag: "home" },
        expect: { data: { notes: [{ id, title: "Rent", tags: ["home"], version: 1, size_bytes: 0 }] } },
      },
    ],
    [kept("note", "Rent", "", { tags: ["home"] }), create("Budget", "", { tags: ["work"] })],
  ),
  scenario(
    "a long list comes in pages that leave nothing out",
    "Show my notes one by one, by title",
    [
      {
        call: "list_notes",
        input: { limit: 1, sort: "title_asc" },
        as: "page",
        expect: { text: ["Alpha"], notText: ["Beta"] },
      },
      {
        call: "list_notes",
        input: { limit: 1, sort: "title_asc", cursor: "{page.next_cursor}" },
        expect: { text: ["Beta"], notText: ["Alpha"] },
      },
    ],
    [create("Beta"), create("Alpha")],
  ),
  scenario(
    "an edit changes the part that is meant",
    "In the note Shopping, replace milk with oat milk",
    [
      {
        call: "edit_note",
        input: { id, operation: "find_replace", find: "milk", text: "oat milk" },
        expect: { data: { id, version: 2, size_bytes: 21 }, state: "changed" },
      },
      { call: "get_note", input: { id }, expect: { data: { body: "milo, oat milk, bread" } } },
    ],
    [kept("note", "Shopping", "milo, milk, bread")],
  ),
  scenario(
    "a section is replaced, and the ones beside it stay",
    "Replace what the note Plan says under Then by: rest",
    [
      {
        call: "edit_note",
        input: { id, operation: "replace_section", heading: "Then", text: "rest" },
        expect: { data: { version: 2 } },
      },
      { call: "get_note", input: { id }, expect: { text: ["## Now", "work", "rest"], notText: ["sleep"] } },
    ],
    [kept("note", "Plan", "## Now\nwork\n\n## Then\nsleep\n")],
  ),
  scenario(
    "an earlier version can be brought back",
    "Undo the last change of the note Letter",
    [
      { call: "restore_revision", input: { id, version: 1 }, expect: { data: { id, version: 3, size_bytes: 8 } } },
      { call: "get_note", input: { id }, expect: { data: { body: "Dear Ada" } } },
    ],
    [kept("note", "Letter", "Dear Ada"), { call: "update_note", input: { id, body: "Hi" } }],
  ),
  scenario(
    "two versions are compared line by line",
    "What changed in the note Letter?",
    [{ call: "diff_revisions", input: { id, from: 1, to: 2 }, expect: { text: ["-Dear Ada", "+Hi"] } }],
    [kept("note", "Letter", "Dear Ada\n"), { call: "update_note", input: { id, body: "Hi\n" } }],
  ),
  scenario(
    "what links to a note is found",
    "Which notes link to Roses?",
    [
      {
        call: "list_links",
        input: { show: "backlinks", id },
        expect: { data: { links: [{ id: "{other.id}", title: "Garden" }] } },
      },
    ],
    [kept("note", "Roses"), kept("other", "Garden", "Water the [[Roses]]")],
  ),
  scenario(
    "a note that is renamed keeps the links to it",
    "Rename the note Roses to Tulips",
    [
      {
        call: "update_note",
        input: { id, title: "Tulips" },
        expect: { data: { id, title: "Tulips", version: 2, size_bytes: 0 } },
      },
      { call: "get_note", input: { id: "{other.id}" }, expect: { data: { body: "Water the [[Tulips]]" } } },
    ],
    [kept("note", "Roses"), kept("other", "Garden", "Water the [[Roses]]")],
  ),
  scenario(
    "a tag is renamed in every note that has it",
    "Rename the tag home to house",
    [
      { call: "rename_tag", input: { from: "home", to: "house" }, expect: { data: { notes: 2 } } },
      { call: "list_notes", input: { tag: "house" }, expect: { text: ["Rent", "Keys"] } },
    ],
    [create("Rent", "", { tags: ["home"] }), create("Keys", "", { tags: ["home"] })],
  ),
  scenario("several notes are made at once, and each that is refused is named", "Make the notes A and B", [
    {
      call: "create_notes",
      input: {
        notes: [
          { title: "A", body: "" },
          { title: " ", body: "" },
        ],
      },
      as: "made",
      expect: {
        data: {
          created: 1,
          results: [{ note: { title: "A", version: 1, size_bytes: 0 } }, { error: "title: must not be empty." }],
        },
      },
    },
    { call: "get_note", input: { id: "{made.results.0.note.id}" }, expect: { data: { title: "A" } } },
  ]),
  scenario("the note of a day is made once and grows", "Write walked and read into the note of 27 November 2026", [
    {
      call: "daily_note",
      input: { date: "2026-11-27", text: "walked" },
      as: "day",
      expect: { data: { body: "walked", version: 1 } },
    },
    {
      call: "daily_note",
      input: { date: "2026-11-27", text: "read" },
      expect: { data: { id: "{day.id}", body: "walked\nread", version: 2, size_bytes: 11 } },
    },
    { call: "get_note", input: { id: "{day.id}" }, expect: { data: { title: "2026-11-27", version: 2 } } },
  ]),
  scenario("a folder of Markdown comes in with its links", "Import the folder vault", [
    {
      call: "import_notes",
      input: { folder: "vault" },
      expect: {
        data: {
          created: 2,
          updated: 0,
          unchanged: 0,
          attachments: { created: 0, updated: 0, unchanged: 0 },
          refused_total: 0,
          not_understood_total: 0,
        },
      },
    },
    { call: "search_notes", input: { query: "six" }, expect: { text: ["Garden"] } },
  ]),
  scenario(
    "notes go out as files that can come in again",
    "Export my notes to the folder out",
    [
      {
        call: "export_notes",
        input: { folder: "out" },
        expect: { data: { folder: "out", notes: 1 }, state: "changed" },
      },
    ],
    [create("Milk", "2 litres")],
  ),
  {
    ...scenario(
      "a note that the user lets go of can be taken back out of the trash",
      "Delete the note Old, no, put it back",
      [
        { call: "delete_note", input: { id }, expect: { data: { id, deleted: true }, state: "changed" } },
        { call: "restore_note", input: { id }, expect: { data: { id, title: "Old", version: 1, size_bytes: 0 } } },
      ],
      [kept("note", "Old")],
    ),
    user: { action: "accept", content: { delete: true } },
  },
  scenario(
    "a note is also a resource",
    "Read the resource of the note Milk",
    [{ read: "note://{note.id}", expect: { text: ["2 litres"] } }],
    [kept("note", "Milk", "2 litres")],
  ),
  ...maintenance,
];
