/**
 * What is asked of both servers. A case without `differs` must come out equal. One with it names a fault of the official
 * server, and says what shows it there and what must show here.
 */
import { Buffer } from "node:buffer";
import type { Answer, Case, Run } from "./compare.ts";

const three = "one\ntwo\nthree\n";
const tree = { "a/b/deep.ts": "x", "a/note.md": "y", "top.ts": "z", "node_modules/m/index.js": "m", ".hidden.ts": "h" };

const sorted = (text: string) => text.split("\n").sort().join("\n");
const sortedTree = (text: string) => {
  const inOrder = (nodes: { name: string; children?: [] }[]): unknown[] =>
    nodes
      .map((node) => (node.children === undefined ? node : { ...node, children: inOrder(node.children) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  return JSON.stringify(inOrder(JSON.parse(text)));
};
const withoutTimes = (text: string) => text.replace(/^(created|modified|accessed): .+$/gm, "$1");

const first = ({ answers }: Run): Answer => answers[0] as Answer;
const failed = (run: Run): boolean => first(run).isError;
const worked = (run: Run): boolean => !failed(run);
const edit = (oldText: string, newText: string) => [
  { tool: "edit_file", input: { path: "$/f.txt", edits: [{ oldText, newText }] } },
];
const read = (path: string, more: Record<string, unknown> = {}) => ({
  tool: "read_text_file",
  input: { path, ...more },
});

export const cases: Case[] = [
  { name: "read_text_file: whole", files: { "f.txt": "naïve 🌍\n\tb" }, steps: [read("$/f.txt")] },
  { name: "read_text_file: empty file", files: { "f.txt": "" }, steps: [read("$/f.txt")] },
  {
    name: "read_text_file: head",
    files: { "f.txt": three },
    steps: [read("$/f.txt", { head: 2 })],
  },
  {
    name: "read_text_file: tail without a last newline",
    files: { "f.txt": "one\ntwo\nthree" },
    steps: [read("$/f.txt", { tail: 2 })],
  },
  {
    name: "read_text_file: head and tail together are refused",
    files: { "f.txt": three },
    steps: [read("$/f.txt", { head: 1, tail: 1 })],
  },
  {
    name: "read_text_file: missing file, folder, outside",
    files: { "d/f": "" },
    steps: [read("$/none"), read("$/d"), read("^/secret.txt"), read("$/../../outside/secret.txt"), read("/etc/passwd")],
  },
  {
    name: "read_file: the old name",
    files: { "f.txt": three },
    steps: [{ tool: "read_file", input: { path: "$/f.txt" } }],
  },
  {
    name: "read_media_file: image, audio, anything else",
    files: { "a.png": Buffer.from("89504e47", "hex"), "b.mp3": "ID3", "c.bin": "\0\u0001" },
    steps: ["a.png", "b.mp3", "c.bin"].map((name) => ({ tool: "read_media_file", input: { path: `$/${name}` } })),
    // A line of text stands beside each block.
    normalize: () => "",
  },
  {
    name: "read_multiple_files",
    files: { a: "A\n", b: "B" },
    steps: [{ tool: "read_multiple_files", input: { paths: ["$/a", "$/b"] } }],
  },
  {
    name: "read_multiple_files: one that is not there stops no other",
    files: { a: "A" },
    steps: [{ tool: "read_multiple_files", input: { paths: ["$/a", "$/none"] } }],
    normalize: (text) => text.replace(/Error - .*/, "Error"),
  },
  {
    name: "write_file: new and again",
    steps: ["first", "second\r\n"].map((content) => ({ tool: "write_file", input: { path: "$/f.txt", content } })),
  },
  {
    name: "write_file: parent missing, outside, onto a folder",
    files: { "d/f": "" },
    steps: ["$/no/f", "^/new.txt", "$/d"].map((path) => ({ tool: "write_file", input: { path, content: "" } })),
  },
  { name: "edit_file: one edit, with its diff", files: { "f.txt": three }, steps: edit("two", "2") },
  {
    name: "edit_file: a dry run changes nothing",
    files: { "f.txt": three },
    steps: [
      {
        tool: "edit_file",
        input: {
          path: "$/f.txt",
          dryRun: true,
          edits: [
            { oldText: "one\n", newText: "" },
            { oldText: "three", newText: "3\n`````" },
          ],
        },
      },
    ],
  },
  { name: "edit_file: text that is not there", files: { "f.txt": three }, steps: edit("four", "4") },
  { name: "edit_file: $& is text", files: { "f.txt": three }, steps: edit("two", "$& $1") },
  {
    name: "create_directory: nested, and one that exists",
    steps: ["$/x/y/z", "$/x/y"].map((path) => ({ tool: "create_directory", input: { path } })),
  },
  { name: "list_directory", files: tree, steps: [{ tool: "list_directory", input: { path: "$" } }], normalize: sorted },
  {
    name: "list_directory_with_sizes: by name",
    files: { "b.txt": "12345", "a.txt": "1".repeat(2_000), "d/x": "" },
    steps: [{ tool: "list_directory_with_sizes", input: { path: "$" } }],
    normalize: (text) => text.replace(/ +$/gm, ""),
  },
  {
    name: "list_directory_with_sizes: by size",
    files: { "b.txt": "12345", "a.txt": "1".repeat(2_000) },
    steps: [{ tool: "list_directory_with_sizes", input: { path: "$", sortBy: "size" } }],
  },
  {
    name: "directory_tree",
    files: tree,
    steps: [{ tool: "directory_tree", input: { path: "$" } }],
    normalize: sortedTree,
  },
  {
    name: "directory_tree: excludePatterns",
    files: tree,
    steps: [["node_modules"], ["*.ts"], ["**/*.ts"]].map((excludePatterns) => ({
      tool: "directory_tree",
      input: { path: "$", excludePatterns },
    })),
    normalize: sortedTree,
  },
  {
    name: "search_files",
    files: tree,
    steps: ["**/*.ts", "*.ts", "**/b", "*", "{top,a/note}.*", "a/**", "none"].map((pattern) => ({
      tool: "search_files",
      input: { path: "$", pattern },
    })),
    normalize: sorted,
  },
  {
    name: "search_files: excludePatterns",
    files: tree,
    steps: [{ tool: "search_files", input: { path: "$", pattern: "**/*.ts", excludePatterns: ["a/**"] } }],
    normalize: sorted,
  },
  {
    name: "move_file: file, folder, onto something, outside",
    files: { f: "F", "d/g": "G", h: "H" },
    steps: [
      ["$/f", "$/f2"],
      ["$/d", "$/e"],
      ["$/f2", "$/h"],
      ["$/h", "^/h"],
    ].map(([source, destination]) => ({ tool: "move_file", input: { source, destination } })),
  },
  {
    name: "get_file_info",
    files: { f: "12345", "d/g": "" },
    steps: [
      { tool: "get_file_info", input: { path: "$/f" } },
      { tool: "get_file_info", input: { path: "$/d" } },
    ],
    normalize: (text) => withoutTimes(text).replace(/^size: \d{3,}$/m, "size"),
  },
  { name: "list_allowed_directories", steps: [{ tool: "list_allowed_directories", input: {} }] },
  { name: "links inside the root are followed", files: { f: "F", l: { link: "f" } }, steps: [read("$/l")] },

  {
    name: "a link to outside is refused without its target",
    files: { l: { link: "^/secret.txt" } },
    steps: [read("$/l")],
    differs: {
      because: "errors of the official one show absolute paths and link targets",
      official: (run) => failed(run) && first(run).text.includes("outside/secret.txt"),
      ours: (run) => failed(run) && !first(run).text.includes("secret.txt"),
    },
  },
  {
    name: "an error names the path as it was given",
    steps: [read("case-none/f.txt")],
    differs: {
      because: "errors of the official one show absolute paths",
      official: (run) => first(run).text.includes("<root>"),
      ours: (run) => failed(run) && !first(run).text.includes("<root>"),
    },
  },
  {
    name: "tail counts the last line once",
    files: { "f.txt": three },
    steps: [read("$/f.txt", { tail: 2 })],
    differs: {
      because: "where a file ends with a newline, the official one counts an empty line after it",
      official: (run) => first(run).text === "three\n",
      ours: (run) => /^two\nthree\n?$/.test(first(run).text),
    },
  },
  {
    name: "head of more lines than there are is the file",
    files: { "f.txt": three },
    steps: [read("$/f.txt", { head: 9 })],
    differs: {
      because: "the official one drops the last newline",
      official: (run) => first(run).text === three.trimEnd(),
      ours: (run) => first(run).text === three,
    },
  },
  {
    name: "edit_file refuses an oldText of another indentation",
    files: { "f.txt": "if (x) {\n    go();\n    stop();\n}\n" },
    steps: edit("go();\nstop();", "run();\nstop();"),
    differs: {
      because: "the official one guesses, and loses the indentation of every line but the first",
      official: ({ files }) => files["f.txt"] === "if (x) {\n    run();\nstop();\n}\n",
      ours: (run) => failed(run) && run.files["f.txt"]?.includes("    go();\n    stop();") === true,
    },
  },
  {
    name: "edit_file looks for every oldText in the file as it was",
    files: { "f.txt": "a\nb\n" },
    steps: [
      {
        tool: "edit_file",
        input: {
          path: "$/f.txt",
          edits: [
            { oldText: "a", newText: "b" },
            { oldText: "b", newText: "c" },
          ],
        },
      },
    ],
    differs: {
      because: "the official one's second edit hits what the first one wrote",
      official: ({ files }) => files["f.txt"] === "c\nb\n",
      ours: ({ files }) => files["f.txt"] === "b\nc\n",
    },
  },
  {
    name: "edit_file keeps CRLF",
    files: { "f.txt": "a\r\nb\r\nc\r\n" },
    steps: edit("b", "B"),
    differs: {
      because: "the official one makes every CRLF an LF",
      official: ({ files }) => files["f.txt"] === "a\nB\nc\n",
      ours: ({ files }) => files["f.txt"] === "a\r\nB\r\nc\r\n",
    },
  },
  {
    name: "edit_file keeps bytes that are no UTF-8",
    files: { "f.txt": Buffer.from("636166e90a780a", "hex") },
    steps: edit("x", "y"),
    differs: {
      because: "the official one writes U+FFFD for each byte that is no UTF-8",
      official: ({ files }) => files["f.txt"]?.includes("\u00ef\u00bf\u00bd") === true,
      ours: ({ files }) => /^caf\u00e9\n[xy]\n$/.test(files["f.txt"] ?? ""),
    },
  },
  {
    name: "edit_file refuses an ambiguous oldText",
    files: { "f.txt": "x\nx\nx\n" },
    steps: edit("x", "y"),
    differs: {
      because: "the official one edits the first of several matches",
      official: ({ files }) => files["f.txt"] === "y\nx\nx\n",
      ours: (run) => failed(run) && /\b3\b/.test(first(run).text) && run.files["f.txt"] === "x\nx\nx\n",
    },
  },
  {
    name: "edit_file refuses an empty oldText",
    files: { "f.txt": three },
    steps: edit("", "x"),
    differs: {
      because: "the official one puts the new text at the beginning",
      official: ({ files }) => files["f.txt"] === `x${three}`,
      ours: (run) => failed(run) && run.files["f.txt"] === three,
    },
  },
  {
    name: "twenty edits at once are all kept",
    files: { "f.txt": Array.from({ length: 20 }, (_, index) => `line ${index};\n`).join("") },
    steps: Array.from({ length: 20 }, (_, index) => edit(`line ${index};`, `LINE ${index};`)).flat(),
    together: true,
    differs: {
      because: "the official one reads and writes without a lock: the last writer wins",
      official: ({ files }) => (files["f.txt"]?.match(/LINE/g) ?? []).length < 20,
      ours: ({ files }) => (files["f.txt"]?.match(/LINE/g) ?? []).length === 20,
    },
  },
  {
    name: "a file of 5 MB is answered in parts",
    files: { "f.txt": "0123456789abcde\n".repeat(327_680) },
    steps: [read("$/f.txt")],
    differs: {
      because: "the official one answers 5 MB with 10 MB, at which clients hang up",
      official: ({ answers }) => answers[0] === "no answer",
      ours: (run) => worked(run) && first(run).size < 4_000_000,
    },
  },
  {
    name: "one glob does not hang the server",
    patienceMs: 4_000,
    files: { ["a".repeat(40)]: "" },
    steps: [
      { tool: "search_files", input: { path: "$", pattern: `${"*a".repeat(25)}b` } },
      { tool: "list_allowed_directories", input: {} },
    ],
    differs: {
      because: "the official one matches globs by backtracking",
      official: ({ answers }) => answers[0] === "no answer",
      ours: (run) => run.answers.every((answer) => answer !== "no answer"),
    },
  },
  {
    name: "a read of a named pipe does not stall",
    patienceMs: 4_000,
    files: { p: { pipe: true }, f: "F" },
    steps: [...Array.from({ length: 4 }, () => read("$/p")), read("$/f")],
    together: true,
    differs: {
      because: "four reads of a FIFO take all of Node's file threads: no call is answered any more",
      official: ({ answers }) => answers.every((answer) => answer === "no answer"),
      ours: ({ answers }) =>
        answers.slice(0, 4).every((answer) => answer !== "no answer" && answer.isError) &&
        (answers[4] as Answer).text === "F",
    },
  },
];
