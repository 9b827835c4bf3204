import type { Scenario, Step } from "@offshoot/core/evals";

const scenario = (name: string, task: string, ...steps: Step[]): Scenario => ({ name, kind: "golden", task, steps });

/** What people use files for. */
export const golden: Scenario[] = [
  scenario("a file is read as it is", "Read a.txt", {
    call: "read_text_file",
    input: { path: "a.txt" },
    expect: { data: { content: "one\ntwo\nthree\n", untrusted: true }, state: "same" },
  }),
  scenario("the first lines of a file are read alone", "Show me the first line of a.txt", {
    call: "read_text_file",
    input: { path: "a.txt", head: 1 },
    expect: { text: ["one"], notText: ["three"] },
  }),
  scenario("some lines are read by their numbers", "Show line 2 of a.txt", {
    call: "read_lines",
    input: { path: "a.txt", offset: 2, limit: 1 },
    expect: { text: ["two"], notText: ["three"] },
  }),
  scenario(
    "what is written is there",
    "Write hello into new.txt, and read it back",
    {
      call: "write_file",
      input: { path: "new.txt", content: "hello" },
      expect: { data: { created: true }, state: "changed" },
    },
    { call: "read_text_file", input: { path: "new.txt" }, expect: { data: { content: "hello" } } },
  ),
  scenario(
    "an edit is tried before it is made",
    "Replace two with 2 in a.txt, but show me first",
    {
      call: "edit_file",
      input: { path: "a.txt", edits: [{ oldText: "two", newText: "2" }], dryRun: true },
      expect: { data: { applied: false }, text: ["+2"], state: "same" },
    },
    {
      call: "edit_file",
      input: { path: "a.txt", edits: [{ oldText: "two", newText: "2" }] },
      expect: { data: { applied: true }, state: "changed" },
    },
  ),
  scenario(
    "a text is added at the end",
    "Add four to a.txt",
    {
      call: "append_file",
      input: { path: "a.txt", content: "four\n" },
      expect: { data: { created: false }, state: "changed" },
    },
    { call: "read_text_file", input: { path: "a.txt" }, expect: { data: { content: "one\ntwo\nthree\nfour\n" } } },
  ),
  scenario(
    "the last change is taken back",
    "Overwrite a.txt with x, then undo that",
    {
      call: "write_file",
      input: { path: "a.txt", content: "x" },
      expect: { data: { created: false } },
    },
    { call: "undo_last", expect: { text: ["a.txt"] } },
    {
      call: "read_text_file",
      input: { path: "a.txt" },
      expect: { data: { content: "one\ntwo\nthree\n" } },
    },
  ),
  scenario("files are found by their names", "Which Markdown files are there?", {
    call: "search_files",
    input: { path: ".", pattern: "**/*.md" },
    expect: { text: ["guide.md", "copy.md"], notText: ["a.txt"] },
  }),
  scenario("files are found by what they say", "Where does it say Start?", {
    call: "search_content",
    input: { path: ".", pattern: "Start" },
    expect: { text: ["guide.md"], notText: ["a.txt"] },
  }),
  scenario("two files that are alike are found", "Which files are there twice?", {
    call: "find_duplicates",
    input: { path: "." },
    expect: { text: ["guide.md", "copy.md"] },
  }),
  scenario("a folder is listed", "What is in docs?", {
    call: "list_directory",
    input: { path: "docs" },
    expect: { text: ["guide.md"], notText: ["a.txt"] },
  }),
  scenario("the tree shows what is below", "Show me all folders as a tree", {
    call: "directory_tree",
    input: { path: "." },
    expect: { text: ["docs", "guide.md"] },
  }),
  scenario(
    "a file moves and is no longer where it was",
    "Move a.txt into docs",
    {
      call: "move_file",
      input: { source: "a.txt", destination: "docs/a.txt" },
      expect: { text: ["docs/a.txt"], state: "changed" },
    },
    { call: "read_text_file", input: { path: "docs/a.txt" }, expect: { text: ["two"] } },
  ),
  scenario("a folder is made with those above it", "Make the folder x/y", {
    call: "create_directory",
    input: { path: "x/y" },
    expect: { data: { created: true } },
  }),
  scenario(
    "a copy leaves the original",
    "Copy a.txt to b.txt",
    {
      call: "copy",
      input: { source: "a.txt", destination: "b.txt" },
      expect: { data: { files: 1 }, state: "changed" },
    },
    { call: "read_text_file", input: { path: "a.txt" }, expect: { text: ["two"] } },
  ),
  scenario("the hash is the one that other programs give", "What is the SHA-256 of a.txt?", {
    call: "hash_file",
    input: { path: "a.txt" },
    // printf 'one\ntwo\nthree\n' | sha256sum
    expect: { data: { hash: "b6285c57e8797db5d4c51c80d6f11938afda9b11c6a003549709189e9b4b92a2" } },
  }),
  {
    ...scenario(
      "what the user lets go of is gone, and can be undone",
      "Delete a.txt",
      {
        call: "delete",
        input: { path: "a.txt" },
        expect: { data: { deleted: true }, state: "changed" },
      },
      { call: "undo_last", expect: { text: ["a.txt"], state: "changed" } },
    ),
    user: { action: "accept", content: { delete: true } },
  },
];
