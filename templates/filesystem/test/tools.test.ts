import { appendFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type ConnectOptions, connect, type TestClient, WIRES } from "@offshoot/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { type OpenFilesOptions, openFiles } from "../src/domain/open-files.ts";
import { filesystemServer } from "../src/server.ts";
import { temporaryFolder } from "./fixtures/folder.ts";

interface Session {
  client: TestClient;
  root: string;
  /** The structured result of a call that must succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into data whose shape they know
  call: (name: string, input?: Record<string, unknown>) => Promise<any>;
  /** The text of a call that must succeed. */
  text: (name: string, input?: Record<string, unknown>) => Promise<string>;
  /** The code and the text of a call that must be refused. */
  refused: (name: string, input?: Record<string, unknown>) => Promise<[code: unknown, text: string]>;
}

type Tree = Record<string, string | Uint8Array>;

describe.each(WIRES)("over %s", (wire) => {
  async function session(
    tree: Tree = {},
    { open = {}, ...options }: Partial<ConnectOptions> & { open?: Partial<OpenFilesOptions> } = {},
  ): Promise<Session> {
    const root = await temporaryFolder();
    for (const [path, content] of Object.entries(tree)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
    const files = await openFiles({ roots: [root], ...open });
    const client = await connect(filesystemServer(files), { wire, ...options });
    onTestFinished(async () => {
      await client.close();
      await files.close();
    });
    const good = async (name: string, input?: Record<string, unknown>) => {
      const outcome = await client.call(name, input);
      expect([outcome.isError, outcome.text]).toEqual([false, expect.any(String)]);
      return outcome;
    };
    return {
      client,
      root,
      call: async (name, input) => (await good(name, input)).data,
      text: async (name, input) => (await good(name, input)).text,
      async refused(name, input) {
        const { isError, text, meta } = await client.call(name, input);
        expect(isError).toBe(true);
        return [(meta["offshoot/error"] as { code?: unknown } | undefined)?.code, text];
      },
    };
  }

  test("the server offers the official one's tools and its own", async () => {
    const { client, root } = await session();
    expect((await client.tools()).map(({ name }) => name)).toEqual([
      "read_text_file",
      "read_file",
      "read_lines",
      "read_media_file",
      "read_multiple_files",
      "list_directory",
      "list_directory_with_sizes",
      "get_file_info",
      "list_allowed_directories",
      "directory_tree",
      "search_files",
      "hash_file",
      "find_duplicates",
      "search_content",
      "write_file",
      "append_file",
      "edit_file",
      "create_directory",
      "move_file",
      "copy",
      "delete",
      "undo_last",
    ]);
    expect((await client.templates()).map(({ uriTemplate }) => uriTemplate)).toEqual(["file:///{+path}"]);
    expect((await client.prompts()).map(({ name }) => name)).toEqual(["review_edit", "change_file"]);
    expect(client.instructions).toMatch(/never an instruction/);
    expect((await client.call("list_allowed_directories")).data).toEqual({ directories: [root] });
  });

  test("a text is read whole, by its ends, by lines, and in parts when it is long", async () => {
    const { client, call, text, refused } = await session(
      { "f.txt": "one\ntwo\nthree\n", empty: "", long: `${"ünicode\n".repeat(2_000)}end` },
      { open: { limits: { textBytes: 1_000 } } },
    );
    expect(await text("read_text_file", { path: "f.txt" })).toBe("one\ntwo\nthree\n");
    expect(await call("read_text_file", { path: "f.txt", head: 1, tail: 0 })).toMatchObject({
      encoding: "utf-8",
      size: 14,
      truncated: expect.any(Boolean),
    });
    expect((await client.call("read_text_file", { path: "empty" })).content).toEqual([{ type: "text", text: "" }]);
    expect(await refused("read_text_file", { path: "f.txt", head: 1, tail: 1 })).toEqual([
      "invalid",
      expect.any(String),
    ]);
    expect(await text("read_lines", { path: "f.txt", offset: 2, limit: 1 })).toBe(
      "2\ttwo\n[The file goes on at offset 3.]",
    );
    expect(await call("read_lines", { path: "f.txt", offset: 3 })).toMatchObject({ total_lines: 3 });
    let whole = "";
    let cursor: string | undefined;
    do {
      const outcome = await client.call("read_text_file", { path: "long", ...(cursor && { cursor }) });
      whole += outcome.data.content;
      cursor = outcome.data.next_cursor;
      // What continues is said in a block of its own, behind the text itself.
      expect(outcome.content).toMatchObject([{ text: outcome.data.content }, ...(cursor ? [{ type: "text" }] : [])]);
    } while (cursor !== undefined);
    expect(whole).toBe(`${"ünicode\n".repeat(2_000)}end`);
  });

  test("images and sounds come as such, other bytes as a resource, several files at once", async () => {
    const { client, call } = await session({ "a.png": "PNG", "b.wav": "RIFF", "c.bin": "\0", "d.txt": "D" });
    const read = (path: string) => client.call("read_media_file", { path });
    const png = await read("a.png");
    expect(png.content).toEqual([
      { type: "image", data: "UE5H", mimeType: "image/png" },
      { type: "text", text: expect.stringMatching(/^a\.png: image\/png, 3 bytes\..*$/) },
    ]);
    // Twice in one answer a large picture would push out everything else that a model has in mind.
    expect(png.data).toEqual({ path: "a.png", mimeType: "image/png", size: 3 });
    expect((await read("b.wav")).content).toMatchObject([{ type: "audio", mimeType: "audio/wav" }, { type: "text" }]);
    expect((await read("c.bin")).content).toMatchObject([
      { type: "resource", resource: { blob: "AA==" } },
      { type: "text" },
    ]);
    const several = await call("read_multiple_files", { paths: ["d.txt", "none"] });
    expect(several.content).toMatch(/^d\.txt:\nD\n\n---\nnone: Error - /);
    expect(several.files).toMatchObject([
      { path: "d.txt", size: 1 },
      { path: "none", error: expect.any(String) },
    ]);
  });

  test("folders are listed in pages, with sizes, and as a tree", async () => {
    const { call, text, refused } = await session({
      "b.txt": "12345",
      "a/x.ts": "",
      "a/y.md": "",
      c: "1".repeat(2_000),
    });
    expect(await text("list_directory", { path: "." })).toBe("[DIR] a\n[FILE] b.txt\n[FILE] c");
    const { entries, next_cursor: cursor } = await call("list_directory", { path: ".", limit: 2 });
    expect(entries).toEqual([
      { name: "a", type: "directory" },
      { name: "b.txt", type: "file" },
    ]);
    expect((await call("list_directory", { path: ".", limit: 2, cursor })).entries).toMatchObject([{ name: "c" }]);
    expect((await refused("list_directory", { path: ".", cursor: "1e0" }))[0]).toBe("invalid");
    const sizes = await text("list_directory_with_sizes", { path: ".", sortBy: "size" });
    expect(sizes).toMatch(/^\[FILE\] c {33}1\.95 KB\n\[FILE\] b\.txt {33}5 B$/m);
    expect(sizes).toMatch(/^\[DIR\] a {30}$/m);
    expect(sizes).toMatch(/\n\nTotal: 2 files, 1 directories\nCombined size: 1\.96 KB$/);
    const tree = await text("directory_tree", { path: ".", excludePatterns: ["*.txt"] });
    expect(JSON.parse(tree)).toEqual([
      {
        name: "a",
        type: "directory",
        children: [
          { name: "x.ts", type: "file" },
          { name: "y.md", type: "file" },
        ],
      },
      { name: "c", type: "file" },
    ]);
    expect((await call("directory_tree", { path: ".", max_depth: 1 })).tree[0]).toMatchObject({ unexplored: true });
    expect(await text("get_file_info", { path: "b.txt" })).toMatch(
      /^size: 5\ncreated: .+\n[\s\S]*isFile: true\npermissions: \d{3}$/,
    );
  });

  test("files are found by name, by what they say and by being the same", async () => {
    const { root, call, text } = await session({ "a/x.md": "# T\nfind me\nend\n", "a/y.md": "twin", "b/z.md": "twin" });
    expect(await text("search_files", { path: root, pattern: "**/y.*" })).toBe(join(root, "a/y.md"));
    expect(await text("search_files", { path: ".", pattern: "*.none" })).toBe("No matches found");
    const page = await call("search_files", { path: ".", pattern: "**/*.md", max_results: 1 });
    expect(page).toMatchObject({ paths: ["a/x.md"], truncated: true });
    const rest = await call("search_files", {
      path: ".",
      pattern: "**/*.md",
      max_results: 9,
      cursor: page.next_cursor,
    });
    expect(rest.paths).toEqual(["a/y.md", "b/z.md"]);
    expect(await text("search_content", { path: "a", pattern: "f.nd", context: 1 })).toBe(
      "a/x.md-1-# T\na/x.md:2:find me\na/x.md-3-end",
    );
    const { groups } = await call("find_duplicates", { path: "." });
    expect(groups).toMatchObject([{ size: 4, paths: ["a/y.md", "b/z.md"] }]);
    expect(await call("hash_file", { path: "a/y.md", algorithm: "md5" })).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{32}$/),
      size: 4,
    });
  });

  test("a file is written, appended to, edited after a dry run, and taken back step by step", async () => {
    const { root, call, text, refused } = await session();
    const now = () => readFile(join(root, "d/f.txt"), "utf8");
    expect(await text("create_directory", { path: "d" })).toBe("Successfully created directory d");
    const { sha256 } = await call("write_file", { path: "d/f.txt", content: "a\r\nb\r\n" });
    await call("append_file", { path: "d/f.txt", content: "b\r\n", if_sha256: sha256 });
    expect((await refused("write_file", { path: "d/f.txt", content: "", if_sha256: sha256 }))[0]).toBe("conflict");
    const edit = { path: "d/f.txt", edits: [{ oldText: "b", newText: "B" }] };
    expect(await refused("edit_file", edit)).toEqual(["conflict", expect.stringContaining("2")]);
    const all = { path: "d/f.txt", edits: [{ oldText: "b", newText: "B", replace_all: true }] };
    const dry = await call("edit_file", { ...all, dryRun: true });
    expect(dry).toMatchObject({ applied: false, replacements: 2, diff: expect.stringContaining("+B") });
    expect(await now()).toBe("a\r\nb\r\nb\r\n");
    const done = await text("edit_file", { ...all, if_sha256: dry.sha256_before });
    expect(done).toMatch(/^```diff\n[\s\S]*\n```\n\n$/);
    expect(await now()).toBe("a\r\nB\r\nB\r\n");
    expect(await call("undo_last")).toMatchObject({ action: "edit", path: "d/f.txt" });
    expect(await call("undo_last")).toMatchObject({ action: "append" });
    expect(await now()).toBe("a\r\nb\r\n");
  });

  test("twenty edits of one file at once are all kept", async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index};`);
    const { root, call } = await session({ f: lines.join("\n") });
    await Promise.all(
      lines.map((oldText) => call("edit_file", { path: "f", edits: [{ oldText, newText: oldText.toUpperCase() }] })),
    );
    expect(await readFile(join(root, "f"), "utf8")).toBe(lines.join("\n").toUpperCase());
  });

  test("files are moved and copied, and nothing is replaced unasked", async () => {
    const { call, text, refused } = await session({ a: "A", b: "B", "d/e": "E" });
    expect((await refused("move_file", { source: "a", destination: "b" }))[0]).toBe("exists");
    expect(await text("move_file", { source: "a", destination: "c" })).toBe("Successfully moved a to c");
    expect(await call("copy", { source: "d", destination: "d2" })).toEqual({ files: 1, bytes: 1, skipped: 0 });
    expect((await refused("copy", { source: "d", destination: "d2" }))[0]).toBe("exists");
    await call("copy", { source: "b", destination: "c", overwrite: true });
    expect(await text("read_text_file", { path: "c" })).toBe("B");
  });

  test("the user is asked before something is deleted, and can have it back", async () => {
    const asked: string[] = [];
    let answer: Record<string, unknown> = { action: "decline" };
    const onElicit = ({ message }: Record<string, unknown>) => {
      asked.push(String(message));
      return answer;
    };
    const { call, refused, text } = await session({ "d/f": "F" }, { onElicit });
    expect(await call("delete", { path: "d" })).toEqual({ path: "d", deleted: false });
    expect(asked).toEqual([expect.stringMatching(/^Move the folder and all it holds to the trash\?.*\n"d"$/)]);
    answer = { action: "cancel" };
    expect(await text("delete", { path: "d" })).toContain("The user closed the question");
    answer = { action: "accept", content: { delete: true } };
    expect(await call("delete", { path: "d" })).toEqual({ path: "d", deleted: true });
    expect((await refused("read_text_file", { path: "d/f" }))[0]).toBe("not_found");
    await call("undo_last");
    expect(await text("read_text_file", { path: "d/f" })).toBe("F");
    expect((await refused("delete", { path: "none" }))[0]).toBe("not_found");
    expect(asked).toHaveLength(3);
  });

  test("refusals name the path as it was given, and nothing else of the machine", async () => {
    const { root, refused } = await session({ f: "F" });
    const outside = await temporaryFolder();
    await writeFile(join(outside, "secret"), "S");
    await symlink(join(outside, "secret"), join(root, "link"));
    for (const path of ["link", "../x", `../${basename(outside)}/secret`, "none", "f/x", "n".repeat(300), "f\0"]) {
      for (const [name, input] of [
        ["read_text_file", { path }],
        ["write_file", { path: `${path}/deeper`, content: "" }],
        ["move_file", { source: path, destination: "elsewhere" }],
      ] as const) {
        // A link itself may be moved: it is a name inside the root.
        if (path === "link" && name === "move_file") continue;
        const [code, text] = await refused(name, input);
        expect(code).toEqual(expect.any(String));
        expect(text).not.toContain(dirname(root));
      }
    }
  });

  test("the read-only profile has no tool that writes", async () => {
    const { client, root } = await session({}, { profile: "read-only" });
    const names = (await client.tools()).map(({ name }) => name);
    expect(names).toContain("read_text_file");
    for (const name of [
      "write_file",
      "append_file",
      "edit_file",
      "create_directory",
      "move_file",
      "copy",
      "delete",
      "undo_last",
    ]) {
      expect(names).not.toContain(name);
      await expect(client.call(name, { path: join(root, "f"), content: "" })).rejects.toThrow(name);
    }
  });

  test("resources are listed, completed and read; their URIs lead nowhere else", async () => {
    const { client, root } = await session({ "a b/é#.md": "# É\n", "z.bin": Buffer.from([255, 0]) });
    const listed = (await client.resources()).filter(({ uri }) => !String(uri).startsWith("ui:"));
    expect(listed.map(({ title }) => title)).toEqual(["a b/é#.md", "z.bin"]);
    const [text, bytes] = await Promise.all(listed.map(({ uri }) => client.read(String(uri))));
    expect(text).toMatchObject([{ uri: listed[0]?.uri, mimeType: "text/markdown", text: "# É\n" }]);
    expect(bytes).toMatchObject([{ mimeType: "application/octet-stream", blob: "/wA=" }]);
    expect(await client.read(pathToFileURL(join(root, "z.bin")).href)).toHaveLength(1);
    const ref = { type: "ref/resource", uri: "file:///{+path}" } as const;
    const complete = (value: string) => client.complete(ref, { name: "path", value });
    const bare = root.replace(/^\//, "");
    expect(await complete("")).toEqual([`${bare}/`]);
    expect(await complete(`${bare}/a`)).toEqual([`${bare}/a b/`]);
    expect(await complete("etc/pass")).toEqual([]);
    const up = `${pathToFileURL(root).href}/%2e%2e/secret`;
    for (const uri of [
      "file:///etc/passwd",
      up,
      "file://evil/etc/passwd",
      "FILE:///etc/passwd",
      `${up}%00`,
      "file:///%252e%252e/x",
    ])
      await expect(client.read(uri)).rejects.toThrow();
  });

  test("who subscribes to a file hears of changes, by this server and by others, without having read it", async () => {
    const heard: string[] = [];
    const onNotification = (_method: string, { uri }: Record<string, unknown>) => heard.push(String(uri));
    const { client, root, call } = await session({ mine: "1", theirs: "1" }, { onNotification });
    const [mine, theirs] = ["mine", "theirs"].map((name) => pathToFileURL(join(root, name)).href) as [string, string];
    const unsubscribe = await client.subscribe([mine, theirs]);
    await call("append_file", { path: "mine", content: "2" });
    await expect.poll(() => heard).toContain(mine);
    await appendFile(join(root, "theirs"), "2");
    await expect.poll(() => heard).toContain(theirs);
    await unsubscribe();
    await expect(client.subscribe([pathToFileURL(join(root, "..", "outside")).href])).rejects.toThrow();
    await expect(client.subscribe([pathToFileURL(root).href])).rejects.toThrow();
  });

  test("prompts have an edit tried without writing it, and a change looked at first", async () => {
    const { client, root } = await session({ "f.txt": "one\n" });
    const path = join(root, "f.txt");
    const review = await client.prompt("review_edit", { path, old_text: "one", new_text: "two" });
    expect(review.messages[1]?.content.text).toMatch(/^```diff[\s\S]*-one\n\+two\n```/);
    const { messages } = await client.prompt("change_file", { path, change: "count from zero" });
    expect(messages[1]?.content).toMatchObject({ type: "resource", resource: { text: "one\n" } });
    expect(await readFile(path, "utf8")).toBe("one\n");
  });
});
