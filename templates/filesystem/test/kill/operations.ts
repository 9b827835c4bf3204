import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One change through the server, in two allowed folders that are as `lay` leaves them. */
export interface Operation {
  name: string;
  tool: string;
  input: Record<string, unknown>;
  profile?: "strict";
}

/** What stands in the allowed folders before anything is done. `@` is the first of them, `^` the second. */
export function lay(root: string, other: string): void {
  const put = (...names: string[]) => {
    const at = join(root, ...names);
    mkdirSync(join(at, ".."), { recursive: true });
    writeFileSync(at, `this is ${names.join("/")}\n`);
  };
  for (const name of ["a", "b", "first"]) put(name);
  put("d", "one");
  put("d", "deep", "two");
  mkdirSync(join(root, "e"));
  symlinkSync("a", join(root, "link"));
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, "o"), "this is o\n");
}

const edits = [{ oldText: "this", newText: "that" }];
const long = "a line that is added\n".repeat(4_000);

export const operations: Operation[] = [
  { name: "write a new file", tool: "write_file", input: { path: "new", content: long } },
  { name: "write a new file in a folder", tool: "write_file", input: { path: "d/deep/new", content: "x" } },
  { name: "write over a file", tool: "write_file", input: { path: "a", content: long } },
  { name: "write over a link", tool: "write_file", input: { path: "link", content: "x" } },
  { name: "write over a file, strict", tool: "write_file", input: { path: "a", content: "x" }, profile: "strict" },
  { name: "edit", tool: "edit_file", input: { path: "a", edits } },
  { name: "edit, strict", tool: "edit_file", input: { path: "a", edits }, profile: "strict" },
  { name: "append", tool: "append_file", input: { path: "a", content: long } },
  { name: "append to a new file", tool: "append_file", input: { path: "new", content: "x" } },
  { name: "append, strict", tool: "append_file", input: { path: "a", content: "x" }, profile: "strict" },
  { name: "make a folder", tool: "create_directory", input: { path: "new" } },
  { name: "make folders", tool: "create_directory", input: { path: "d/new/of/new" } },
  { name: "move a file", tool: "move_file", input: { source: "a", destination: "d/moved" } },
  { name: "move over a file", tool: "move_file", input: { source: "a", destination: "b", overwrite: true } },
  {
    name: "move over a file, strict",
    tool: "move_file",
    input: { source: "a", destination: "b", overwrite: true },
    profile: "strict",
  },
  { name: "move over a link", tool: "move_file", input: { source: "a", destination: "link", overwrite: true } },
  { name: "move a link", tool: "move_file", input: { source: "link", destination: "d/link" } },
  { name: "move a folder", tool: "move_file", input: { source: "d", destination: "e/d" } },
  { name: "move to another allowed folder", tool: "move_file", input: { source: "a", destination: "^/a" } },
  {
    name: "move over a file in another allowed folder",
    tool: "move_file",
    input: { source: "a", destination: "^/o", overwrite: true },
  },
  { name: "copy a file", tool: "copy", input: { source: "a", destination: "d/copied" } },
  { name: "copy over a file", tool: "copy", input: { source: "a", destination: "b", overwrite: true } },
  { name: "copy a folder", tool: "copy", input: { source: "d", destination: "e/d" } },
  { name: "delete a file", tool: "delete", input: { path: "a" } },
  { name: "delete a file, strict", tool: "delete", input: { path: "a" }, profile: "strict" },
  { name: "delete a link", tool: "delete", input: { path: "link" } },
  { name: "delete a folder", tool: "delete", input: { path: "d" } },
];
