import type { Scenario, Step } from "@offshoot/core/evals";

const kept = (as: string, title: string, more = {}): Step => ({
  call: "create_note",
  input: { title, body: "", ...more },
  as,
});
const id = "{note.id}";
const scenario = (name: string, task: string, steps: Step[], given: Step[]): Scenario => ({
  name,
  kind: "golden",
  task,
  given,
  steps,
});

/** Looking after what is there: tags, folders, versions, and what happened. */
export const maintenance: Scenario[] = [
  scenario(
    "tags come with the number of their notes",
    "Which tags do I have?",
    [
      {
        call: "list_tags",
        expect: {
          data: {
            tags: [
              { tag: "home", notes: 2 },
              { tag: "work", notes: 1 },
            ],
          },
        },
      },
    ],
    [
      { call: "create_note", input: { title: "Rent", body: "", tags: ["home"] } },
      { call: "create_note", input: { title: "Desk", body: "", tags: ["home", "work"] } },
    ],
  ),
  scenario(
    "folders come with the number of their notes, and move with them",
    "Rename the folder trips to journeys",
    [
      {
        call: "move_folder",
        input: { from: "trips", to: "journeys" },
        expect: { data: { notes: 2 }, state: "changed" },
      },
      { call: "list_folders", expect: { data: { folders: [{ folder: "journeys", notes: 2 }] } } },
      { call: "get_note", input: { id }, expect: { data: { folder: "journeys" } } },
    ],
    [
      kept("note", "Rome", { folder: "trips" }),
      { call: "create_note", input: { title: "Oslo", body: "", folder: "trips" } },
    ],
  ),
  scenario(
    "the versions of a note are listed, the newest first",
    "Which versions of the note Letter are there?",
    [
      {
        call: "list_revisions",
        input: { id },
        expect: {
          data: {
            revisions: [
              { version: 2, title: "Letter to Ada", size_bytes: 0, current: true },
              { version: 1, title: "Letter", size_bytes: 0, current: false },
            ],
          },
        },
      },
    ],
    [kept("note", "Letter"), { call: "update_note", input: { id, title: "Letter to Ada" } }],
  ),
  scenario(
    "what happened is told, the latest first",
    "What was done to my notes?",
    [
      {
        call: "recent_activity",
        expect: {
          data: {
            activity: [
              { sequence: 2, action: "update_note", changes: [{ id, type: "updated", version: 2 }], changes_total: 1 },
              { sequence: 1, action: "create_note", changes: [{ id, type: "created", version: 1 }], changes_total: 1 },
            ],
          },
        },
      },
    ],
    [kept("note", "Plan"), { call: "update_note", input: { id, title: "Plan B" } }],
  ),
  {
    name: "a view that has asked the user deletes without asking again",
    kind: "golden",
    given: [kept("note", "Old")],
    steps: [
      {
        call: "delete_note_confirmed",
        input: { id },
        expect: { data: { id, title: "Old", deleted: true }, state: "changed" },
      },
      { call: "get_note", input: { id }, expect: { refused: ["restore_note"] } },
    ],
  },
];
