import type { Scenario, Step } from "@offshoot/core/evals";

const scenario = (name: string, task: string, ...steps: Step[]): Scenario => ({ name, kind: "golden", task, steps });

/** What people use files for. */
export const golden: Scenario[] = [
  scenario("a file is read as it is", "Read a.txt", {
    call: "read_text_file",
    input: { path: "a.txt" },
    expect: { data: { content: "one\ntwo\nthree\n", size: 14, truncated: false, untrusted: true }, state: "same" },
  }),
  scenario("the old name of the tool reads a file, too", "Read a.txt with read_file", {
    call: "read_file",
    input: { path: "a.txt" },
    expect: { data: { content: "one\ntwo\nthree\n", size: 14, truncated: false } },
  }),
  scenario("the first lines of a file are read alone", "Show me the first line of a.txt", {
    call: "read_text_file",
    input: { path: "a.txt", head: 1 },
    expect: { text: ["one"], notText: ["three"] },
  }),
  scenario("some lines are read by their numbers", "Show line 2 of a.txt", {
    call: "read_lines",
    input: { path: "a.txt", offset: 2, limit: 1 },
    expect: { data: { lines: [{ number: 2, text: "two" }], next_offset: 3 } },
  }),
  scenario(
    "what is written is there",
    "Write hello into new.txt, and read it back",
    {
      call: "write_file",
      input: { path: "new.txt", content: "hello" },
      expect: { data: { path: "new.txt", created: true, size: 5 }, state: "changed" },
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
      expect: { data: { applied: true, replacements: 1, size_before: 14, size: 12 }, state: "changed" },
    },
  ),
  scenario(
    "a text is added at the end",
    "Add four to a.txt",
    {
      call: "append_file",
      input: { path: "a.txt", content: "four\n" },
      expect: { data: { path: "a.txt", created: false, size: 19 }, state: "changed" },
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
    expect: { data: { paths: ["docs/copy.md", "docs/guide.md"], seen: 6, truncated: false } },
  }),
  scenario("files are found by what they say", "Where does it say Start?", {
    call: "search_content",
    input: { path: ".", pattern: "Start" },
    expect: {
      data: {
        files: ["docs/copy.md", "docs/guide.md"].map((path) => ({
          path,
          matches: [{ line: 3, column: 1, text: "Start here." }],
          more: false,
        })),
        matches: 2,
        searched: 3,
        skipped: { binary: 0, too_large: 0, unreadable: 0, slow: 0 },
        truncated: false,
      },
    },
  }),
  scenario("two files that are alike are found", "Which files are there twice?", {
    call: "find_duplicates",
    input: { path: "." },
    expect: {
      data: {
        groups: [{ size: 21, paths: ["docs/copy.md", "docs/guide.md"] }],
        wasted: 21,
        seen: 6,
        truncated: false,
      },
    },
  }),
  scenario("a folder is listed", "What is in docs?", {
    call: "list_directory",
    input: { path: "docs" },
    expect: {
      data: {
        entries: [
          { name: "copy.md", type: "file" },
          { name: "guide.md", type: "file" },
        ],
      },
    },
  }),
  scenario("a folder is listed with sizes and their sum, the largest first", "How large are the files here?", {
    call: "list_directory_with_sizes",
    input: { path: "docs", sortBy: "size" },
    expect: {
      data: {
        entries: [
          { name: "copy.md", type: "file", size: 21 },
          { name: "guide.md", type: "file", size: 21 },
        ],
        files: 2,
        directories: 0,
        total_size: 42,
      },
      text: ["guide.md"],
    },
  }),
  scenario("a file is looked at without being read", "How large is a.txt, and is it a file?", {
    call: "get_file_info",
    input: { path: "a.txt" },
    expect: { data: { type: "file", size: 14, link: false, hard_links: 1 }, notText: ["two"], state: "same" },
  }),
  scenario("the allowed folders are named", "Where may you work?", {
    call: "list_allowed_directories",
    expect: { text: ["Allowed directories:", "allowed"] },
  }),
  scenario(
    "several files are read at once, and one that is not there stops no other",
    "Read a.txt, no.txt and docs/guide.md",
    {
      call: "read_multiple_files",
      input: { paths: ["a.txt", "no.txt", "docs/guide.md"] },
      expect: {
        data: {
          files: [
            { path: "a.txt", size: 14, truncated: false },
            { path: "no.txt" },
            { path: "docs/guide.md", size: 21 },
          ],
        },
        text: ["two", "no.txt: Error", "Start here."],
      },
    },
  ),
  {
    ...scenario("a picture is read as one", "Show me dot.svg", {
      call: "read_media_file",
      input: { path: "dot.svg" },
      expect: { data: { path: "dot.svg", mimeType: "image/svg+xml", size: 6 }, state: "same" },
    }),
    given: [{ call: "write_file", input: { path: "dot.svg", content: "<svg/>" } }],
  },
  scenario("the tree shows what is below", "Show me all folders as a tree", {
    call: "directory_tree",
    input: { path: "." },
    expect: {
      data: {
        tree: [
          { name: "a.txt", type: "file" },
          {
            name: "docs",
            type: "directory",
            children: [
              { name: "copy.md", type: "file" },
              { name: "guide.md", type: "file" },
            ],
          },
          { name: "link.txt", type: "file" },
          { name: "up", type: "file" },
        ],
        entries: 6,
        truncated: false,
      },
    },
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
    expect: { data: { path: "x/y", created: true } },
  }),
  scenario(
    "a copy leaves the original",
    "Copy a.txt to b.txt",
    {
      call: "copy",
      input: { source: "a.txt", destination: "b.txt" },
      expect: { data: { files: 1, bytes: 14, skipped: 0 }, state: "changed" },
    },
    { call: "read_text_file", input: { path: "a.txt" }, expect: { text: ["two"] } },
  ),
  scenario("the hash is the one that other programs give", "What is the SHA-256 of a.txt?", {
    call: "hash_file",
    input: { path: "a.txt" },
    // printf 'one\ntwo\nthree\n' | sha256sum
    expect: { data: { hash: "b6285c57e8797db5d4c51c80d6f11938afda9b11c6a003549709189e9b4b92a2", size: 14 } },
  }),
  {
    ...scenario(
      "what the user lets go of is gone, and can be undone",
      "Delete a.txt",
      {
        call: "delete",
        input: { path: "a.txt" },
        expect: { data: { path: "a.txt", deleted: true }, state: "changed" },
      },
      { call: "undo_last", expect: { text: ["a.txt"], state: "changed" } },
    ),
    user: { action: "accept", content: { delete: true } },
  },
];
