// Callers whom a policy keeps to folders of their own: of the others' nothing can be seen, found, changed or taken back.
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type TestClient } from "@offshoot/core/testing";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openFiles } from "../src/domain/open-files.ts";
import { filesystemServer } from "../src/server.ts";
import { uriOf } from "../src/uri.ts";
import { temporaryFolder } from "./fixtures/folder.ts";

const SECRET = "the plan of team b";

let root: string;
let policy: string;
const at = (...path: string[]) => join(root, ...path);

beforeEach(async () => {
  root = await temporaryFolder();
  for (const folder of ["a", "b/deep", "shared"]) await mkdir(at(folder), { recursive: true });
  await writeFile(at("a/mine.txt"), "mine");
  await writeFile(at("b/plan.txt"), SECRET);
  await writeFile(at("b/deep/other.txt"), SECRET);
  await writeFile(at("shared/both.txt"), "both");
  await symlink(at("b/plan.txt"), at("a/way-to-b"));
  await symlink(at("b/nothing"), at("a/way-to-nothing"));
  policy = join(await temporaryFolder(), "policy.json");
  const rules = [{ name: "teams", who: "everyone", what: "everything", decision: "allow" }];
  const roots = {
    "team-a": [at("a"), at("shared")],
    "team-b": [at("b"), at("shared")],
    local: [at("a"), at("shared")],
  };
  await writeFile(policy, JSON.stringify({ default: "deny", rules, roots }));
  await chmod(policy, 0o600);
});

async function served() {
  const files = await openFiles({ roots: [root], quota: { files: 5 } });
  const server = filesystemServer(files);
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) await client.close();
    await files.close();
  });
  return async (id: string, wire: "http-2025" | "http-2026" | "stdio-2026" = "http-2026", more = {}) => {
    const client = await connect(server, {
      wire,
      policy,
      http: { authenticate: () => ({ id, scopes: ["files:read", "files:write"] }) },
      ...more,
    });
    clients.push(client);
    return client;
  };
}

/** What comes of a call, with the paths that were asked for taken out. */
const answer = async (client: TestClient, name: string, input: Record<string, unknown>, ...paths: string[]) => {
  const { isError, text, meta } = await client.call(name, input);
  let said = JSON.stringify([isError, text, meta]);
  for (const path of paths) said = said.replaceAll(path, "PATH");
  return said;
};

const inputs: [tool: string, input: (path: string) => Record<string, unknown>][] = [
  ["read_text_file", (path) => ({ path })],
  ["read_lines", (path) => ({ path, offset: 1, limit: 1 })],
  ["read_media_file", (path) => ({ path })],
  ["list_directory", (path) => ({ path })],
  ["list_directory_with_sizes", (path) => ({ path })],
  ["directory_tree", (path) => ({ path })],
  ["search_files", (path) => ({ path, pattern: "*" })],
  ["search_content", (path) => ({ path, pattern: "plan" })],
  ["find_duplicates", (path) => ({ path })],
  ["hash_file", (path) => ({ path })],
  ["get_file_info", (path) => ({ path })],
  ["write_file", (path) => ({ path, content: "x" })],
  ["append_file", (path) => ({ path, content: "x" })],
  ["edit_file", (path) => ({ path, edits: [{ oldText: "plan", newText: "x" }] })],
  ["create_directory", (path) => ({ path })],
  ["delete", (path) => ({ path })],
  ["move_file", (path) => ({ source: path, destination: "stolen" })],
  ["copy", (path) => ({ source: path, destination: "stolen" })],
  ["move_file", (path) => ({ source: "mine.txt", destination: path })],
];

test.each(inputs)("%s answers for another's path as for one that is not there", async (tool, input) => {
  const a = await (await served())("team-a");
  for (const there of [at("b/plan.txt"), at("b"), at("b/deep")]) {
    const none = there.replace(/b(?=$|\/)/, "none");
    expect(await answer(a, tool, input(there), there)).toBe(await answer(a, tool, input(none), none));
  }
  // A link of one's own can be moved, copied and deleted, wherever it leads.
  if (/^(move_file|copy|delete)$/.test(tool)) return;
  expect(await answer(a, tool, input(at("a/way-to-b")), at("a/way-to-b"))).toBe(
    await answer(a, tool, input(at("a/way-to-nothing")), at("a/way-to-nothing")),
  );
  expect(await readFile(at("b/plan.txt"), "utf8")).toBe(SECRET);
});

describe.each(["http-2025", "http-2026", "stdio-2026"] as const)("over %s", (wire) => {
  test("lists, trees, searches, completions and resources hold nothing of another", async () => {
    const a = await (await served())("team-a", wire);
    const seen = [
      (await a.call("list_allowed_directories", {})).data.directories,
      await a.resources(),
      await a.complete({ type: "ref/resource", uri: "file:///{+path}" }, { name: "path", value: "" }),
      await a.complete(
        { type: "ref/resource", uri: "file:///{+path}" },
        { name: "path", value: `${at("b").slice(1)}/` },
      ),
      await a.complete({ type: "ref/prompt", name: "change_file" }, { name: "path", value: `${at("b")}/` }),
    ];
    for (const folder of [at("a"), at("shared"), "."])
      for (const tool of ["directory_tree", "search_files", "search_content", "find_duplicates"])
        seen.push((await a.call(tool, { path: folder, pattern: tool === "search_files" ? "**" : "plan|mine" })).text);
    const text = JSON.stringify(seen);
    expect(text).toContain("mine.txt");
    expect(text).not.toMatch(/plan\.txt|other\.txt|team b/);
    expect(seen[0]).toEqual([at("a"), at("shared")]);
    expect([seen[3], seen[4]]).toEqual([[], []]);
    const refusals = await Promise.all(
      [at("b/plan.txt"), at("none/plan.txt")].map((path) =>
        a.read(uriOf(path)).catch((error: Error) => error.message.replaceAll(path, "PATH")),
      ),
    );
    expect(refusals[0]).toBe(refusals[1]);
    await expect(a.prompt("change_file", { path: at("b/plan.txt"), change: "x" })).rejects.toThrow(/outside/);
  });
});

test("a relative path is relative to the caller's own first folder", async () => {
  const as = await served();
  const [a, b] = [await as("team-a"), await as("team-b")];
  expect((await a.call("read_text_file", { path: "mine.txt" })).text).toBe("mine");
  expect((await b.call("read_text_file", { path: "plan.txt" })).text).toBe(SECRET);
});

test("undo takes back one's own, and tells nothing of what came from another's folder", async () => {
  const as = await served();
  const [a, b] = [await as("team-a"), await as("team-b")];
  await b.call("write_file", { path: at("b/plan.txt"), content: "changed" });
  await a.call("write_file", { path: at("a/mine.txt"), content: "changed" });
  await b.call("move_file", { source: at("b/deep/other.txt"), destination: at("shared/from-b.txt") });
  await b.call("copy", { source: "plan.txt", destination: at("shared/copy.txt") });
  // The copy in the folder of both is the newest.
  for (const back of ["copy.txt", "mine.txt"]) {
    const { isError, text } = await a.call("undo_last", {});
    expect([isError, text]).toEqual([false, expect.stringContaining(back)]);
    expect(text).not.toMatch(/plan|other|deep/);
  }
  expect(await readFile(at("a/mine.txt"), "utf8")).toBe("mine");
  expect(await readFile(at("b/plan.txt"), "utf8")).toBe("changed");
  const nothing = await a.call("undo_last", {});
  expect([nothing.isError, nothing.text]).toEqual([true, expect.not.stringMatching(/plan|other|deep/)]);
  for (let left = 2; left > 0; left -= 1) expect((await b.call("undo_last", {})).isError).toBe(false);
  expect(await readFile(at("b/plan.txt"), "utf8")).toBe(SECRET);
});

test("a quota counts one's own folders", async () => {
  const as = await served();
  const [a, b] = [await as("team-a"), await as("team-b")];
  for (const name of ["1", "2", "3", "4"])
    expect((await a.call("write_file", { path: name, content: "" })).isError).toBe(false);
  expect((await a.call("write_file", { path: "5", content: "" })).isError).toBe(true);
  expect((await b.call("write_file", { path: "1", content: "" })).isError).toBe(false);
});

test("in a folder that both have, writes of both are kept apart and none is lost", async () => {
  const as = await served();
  const both = [await as("team-a"), await as("team-b")];
  const path = at("shared/both.txt");
  const writes = Array.from({ length: 20 }, (_, index) =>
    (both[index % 2] as TestClient).call("append_file", { path, content: `${index},` }),
  );
  for (const { isError } of await Promise.all(writes)) expect(isError).toBe(false);
  const text = await readFile(path, "utf8");
  for (let index = 0; index < 20; index += 1) expect(text).toContain(`${index},`);
});

test("only what is in one's folders can be watched, and is told to those who asked", async () => {
  const as = await served();
  const told: Record<string, string[]> = { "team-a": [], "team-b": [] };
  const listening = (id: string) =>
    as(id, "http-2025", {
      onNotification: (method: string, { uri }: { uri?: string }) => {
        if (method === "notifications/resources/updated") told[id]?.push(uri as string);
      },
    });
  const [a, b] = [await listening("team-a"), await listening("team-b")];
  await b.request("resources/subscribe", { uri: uriOf(at("b/plan.txt")) });
  for (const path of ["b/plan.txt", "none/plan.txt"])
    await expect(a.request("resources/subscribe", { uri: uriOf(at(path)) })).rejects.toThrow();
  await a.request("resources/subscribe", { uri: uriOf(at("shared/both.txt")) });
  await b.call("write_file", { path: at("b/plan.txt"), content: "new" });
  await b.call("write_file", { path: at("shared/both.txt"), content: "new" });
  await expect.poll(() => told["team-b"]?.length).toBeGreaterThan(0);
  await expect.poll(() => told["team-a"]?.length).toBeGreaterThan(0);
  expect(new Set(told["team-a"])).toEqual(new Set([uriOf(at("shared/both.txt"))]));
});

test.each(["http-2025", "http-2026"] as const)(
  "%s: who may work in a folder is told when its list of files changes, and nobody else",
  async (wire) => {
    const as = await served();
    const told: Record<string, number> = {};
    const listening = async (id: string) => {
      const client = await as(id, wire, {
        onNotification: (method: string) => {
          if (method === "notifications/resources/list_changed") told[id] = (told[id] ?? 0) + 1;
        },
      });
      await client.subscribe([]);
      return client;
    };
    const [a, b] = [await listening("team-a"), await listening("team-b"), await listening("eve")];
    const heard = (first: number, second: number) =>
      expect
        .poll(() => told)
        .toEqual(
          Object.fromEntries(Object.entries({ "team-a": first, "team-b": second }).filter(([, count]) => count > 0)),
        );
    await b.call("write_file", { path: at("b/new.txt"), content: "new" });
    await heard(0, 1);
    await a.call("write_file", { path: at("shared/new.txt"), content: "new" });
    await heard(1, 2);
    await b.call("write_file", { path: at("shared/new.txt"), content: "another" });
    await a.call("delete", { path: at("a/mine.txt") });
    await heard(2, 2);
  },
);

test("a caller without folders has none, and a policy with a folder that is not the server's is refused", async () => {
  const as = await served();
  const eve = await as("eve");
  expect((await eve.call("list_allowed_directories", {})).data).toEqual({ directories: [] });
  expect((await eve.resources()).filter(({ uri }) => !String(uri).startsWith("ui:"))).toEqual([]);
  for (const path of ["mine.txt", at("a/mine.txt"), "/"])
    expect((await eve.call("read_text_file", { path })).text).toContain("outside the allowed folders");
  await writeFile(policy, JSON.stringify({ default: "allow", rules: [], roots: { "team-a": [join(root, "..")] } }));
  await expect(as("team-a")).rejects.toThrow(/roots, of "team-a": .* is in none of the folders/);
});
