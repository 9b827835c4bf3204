import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testServerContract } from "@offshoot/core/testing";
import { openFiles } from "../src/domain/open-files.ts";
import { filesystemServer } from "../src/server.ts";

const gone = "none.txt";
const stale = "0".repeat(64);

testServerContract({
  async server() {
    const root = await realpath(await mkdtemp(join(tmpdir(), "offshoot-filesystem-")));
    await mkdir(join(root, "docs"));
    await writeFile(join(root, "a.txt"), "one\ntwo\nthree\n");
    await writeFile(join(root, "docs", "b.md"), "# B\n\none\n");
    await writeFile(join(root, "still"), "");
    await writeFile(join(root, "dot.png"), Buffer.from("89504e470d0a1a0a", "hex"));
    const files = await openFiles({ roots: [root] });
    const close = async () => {
      await files.close();
      await rm(root, { recursive: true, force: true });
    };
    return { server: filesystemServer(files), close };
  },
  // In the order of a session: each may use what the ones before it made.
  samples: {
    tools: {
      // offshoot:tool-samples
      read_text_file: {
        valid: [{ path: "a.txt" }, { path: "a.txt", head: 1 }, { path: "docs/b.md", tail: 1 }],
        failing: [{ path: gone }, { path: "../a.txt" }, { path: "a.txt", head: 1, tail: 1 }, { path: "docs" }],
      },
      read_file: { valid: [{ path: "a.txt" }], failing: [{ path: "/etc/passwd" }] },
      read_lines: { valid: [{ path: "a.txt", offset: 2, limit: 1 }], failing: [{ path: gone }] },
      read_media_file: { valid: [{ path: "dot.png" }, { path: "a.txt" }], failing: [{ path: gone }] },
      read_multiple_files: { valid: [{ paths: ["a.txt", gone, "docs/b.md"] }] },
      list_directory: {
        valid: [{ path: "." }, { path: ".", limit: 1 }],
        failing: [{ path: "a.txt" }, { path: ".", cursor: "forged" }],
      },
      list_directory_with_sizes: { valid: [{ path: ".", sortBy: "size" }], failing: [{ path: gone }] },
      // Of a file that no other sample reads: its time of access stays.
      get_file_info: { valid: [{ path: "still" }], failing: [{ path: gone }] },
      list_allowed_directories: { valid: [{}] },
      directory_tree: {
        valid: [{ path: "." }, { path: ".", max_depth: 1, excludePatterns: ["*.png"] }],
        failing: [{ path: gone }, { path: ".", cursor: "forged" }],
      },
      search_files: {
        valid: [{ path: ".", pattern: "**/*.md" }],
        failing: [
          { path: "..", pattern: "*" },
          { path: ".", pattern: "*", cursor: "forged" },
        ],
      },
      hash_file: { valid: [{ path: "a.txt" }, { path: "a.txt", algorithm: "md5" }], failing: [{ path: gone }] },
      find_duplicates: { valid: [{ path: "docs" }], failing: [{ path: gone }] },
      search_content: {
        valid: [
          { path: "docs", pattern: "^one$", context: 1 },
          { path: "docs", pattern: "(", literal: true },
        ],
        failing: [
          { path: ".", pattern: "(" },
          { path: gone, pattern: "x" },
        ],
      },
      write_file: {
        valid: [
          { path: "new.txt", content: "first\n" },
          { path: "new.txt", content: "again\n" },
        ],
        failing: [
          { path: "../new.txt", content: "" },
          { path: "a.txt", content: "", overwrite: false },
          { path: "a.txt", content: "", if_sha256: stale },
        ],
      },
      append_file: { valid: [{ path: "new.txt", content: "more\n" }], failing: [{ path: "docs", content: "" }] },
      edit_file: {
        valid: [
          { path: "a.txt", edits: [{ oldText: "two", newText: "2" }], dryRun: true },
          { path: "a.txt", edits: [{ oldText: "o", newText: "0", replace_all: true }] },
        ],
        failing: [
          { path: "a.txt", edits: [{ oldText: "absent", newText: "" }] },
          { path: "a.txt", edits: [{ oldText: "\n", newText: "" }] },
          { path: "a.txt", edits: [{ oldText: "", newText: "x" }] },
        ],
      },
      create_directory: { valid: [{ path: "x/y" }, { path: "x/y" }], failing: [{ path: "a.txt" }] },
      move_file: {
        valid: [{ source: "new.txt", destination: "x/moved.txt" }],
        failing: [
          { source: gone, destination: "x/none.txt" },
          { source: "a.txt", destination: "docs" },
        ],
      },
      copy: {
        valid: [{ source: "docs", destination: "x/docs" }],
        failing: [{ source: "a.txt", destination: "dot.png" }],
      },
      delete: { valid: [{ path: "x" }], failing: [{ path: "x" }] },
      undo_last: { valid: [{}] },
    },
    resources: { missing: ["file:///nowhere/near.txt", "file:///etc/passwd"] },
    prompts: {
      // offshoot:prompt-samples
      review_edit: [{ path: "a.txt", old_text: "one" }],
      change_file: [{ path: "a.txt", change: "count from zero" }],
    },
  },
  skip: {
    "text-for-every-result": "read_media_file sends no line beside its block yet",
    "no-bytes-in-data": "read_media_file has its bytes in the data, too, as the official server once did",
  },
  lock: new URL("../contract.lock.json", import.meta.url),
  policyLock: new URL("../policy.lock.json", import.meta.url),
});
