import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { link, open } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findDuplicates } from "../../src/domain/search/duplicates.ts";
import { hashFile } from "../../src/domain/search/hash.ts";
import { searchFiles } from "../../src/domain/search/names.ts";
import { formatListing, formatSize, sizedListing } from "../../src/domain/search/sizes.ts";
import { directoryTree, type Tree, type TreeNode, type TreeOptions } from "../../src/domain/search/tree.ts";
import { Link, manyFiles, planted } from "../fixtures/searched.ts";

/** Every path of a tree, folders with a slash. */
const flat = (nodes: TreeNode[], prefix = ""): string[] =>
  nodes.flatMap(({ name, children }) =>
    children ? [`${prefix}${name}/`, ...flat(children, `${prefix}${name}/`)] : [prefix + name],
  );

async function pagesOf<Page extends { nextCursor?: string }>(page: (cursor: string | undefined) => Promise<Page>) {
  const pages = [await page(undefined)];
  for (let last = pages.at(-1); last?.nextCursor !== undefined; last = pages.at(-1))
    pages.push(await page(last.nextCursor));
  return pages;
}

describe("directory_tree", () => {
  test("is the JSON that the official server makes, sorted", async () => {
    const { safeFs } = await planted({ "b/c.txt": "", "b/empty/": "", ".a": "", "z.txt": new Link("b/c.txt") });
    expect(await directoryTree(safeFs, ".")).toEqual({
      tree: [
        { name: ".a", type: "file" },
        {
          name: "b",
          type: "directory",
          children: [
            { name: "c.txt", type: "file" },
            { name: "empty", type: "directory", children: [] },
          ],
        },
        { name: "z.txt", type: "file" },
      ],
      entries: 5,
      truncated: false,
      closed: { unreadable: 0, tooDeep: 0 },
    });
  });

  test("a pattern without a star excludes a name anywhere, one with a star only where it matches", async () => {
    const { safeFs } = await planted({ "a.log": "", "d/a.log": "", "d/gen/x": "", "gen/x": "", "d/sub/gen": "" });
    const without = async (...excludePatterns: string[]) =>
      flat((await directoryTree(safeFs, ".", { excludePatterns })).tree);
    expect(await without("gen")).toEqual(["a.log", "d/", "d/a.log", "d/sub/"]);
    expect(await without("*.log", "d/**/gen")).toEqual(["d/", "d/a.log", "d/sub/", "gen/", "gen/x"]);
  });

  test("a folder that is too deep to be told is marked", async () => {
    const { safeFs } = await planted({ "a/b/c.txt": "" });
    const { tree, truncated } = await directoryTree(safeFs, ".", { maxDepth: 2 });
    const b = { name: "b", type: "directory", children: [], unexplored: true };
    expect(tree).toEqual([{ name: "a", type: "directory", children: [b] }]);
    expect(truncated).toBe(false); // this is what was asked for
  });

  test("a cycle of links is told and not followed", async () => {
    const { safeFs } = await planted({ "a/up": new Link(".."), "a/self": new Link("self"), "a/etc": new Link("/etc") });
    expect(flat((await directoryTree(safeFs, ".")).tree)).toEqual(["a/", "a/etc", "a/self", "a/up"]);
  });

  test("of 100,000 files every page is capped, and all pages together are the whole", async () => {
    const safeFs = manyFiles(100, 1000);
    const pages = await pagesOf((cursor) => directoryTree(safeFs, ".", { cursor }));
    expect(pages.map(({ truncated }) => truncated)).toEqual([...pages.slice(1).map(() => true), false]);
    expect(Math.max(...pages.map(({ entries }) => entries))).toBe(20_000);
    const all = new Set(pages.flatMap(({ tree }) => flat(tree)));
    expect(all.size).toBe(100_100);

    const some = await searchFiles(safeFs, ".", "**/f99?");
    expect(some).toMatchObject({ truncated: false, seen: 100_100 });
    expect(some.paths).toHaveLength(1000);
    const hurried = await directoryTree(safeFs, ".", { maxTime: 1 });
    expect(hurried).toMatchObject({ truncated: true, nextCursor: expect.any(String) });
  });

  test("five hundred folders in each other end where the cap is, and say so", async () => {
    const { safeFs } = await planted({ [`${"d/".repeat(500)}f.txt`]: "", "z.txt": "" });
    const { tree, truncated } = await directoryTree(safeFs, ".");
    expect(truncated).toBe(true);
    expect(flat(tree)).toHaveLength(201);
    expect(JSON.stringify(tree)).toContain('"unexplored":true');
    expect(await searchFiles(safeFs, ".", "**/*.txt")).toMatchObject({ paths: ["z.txt"], truncated: true });
  });

  test("an answer stays below what fits a result, however long the names and however deep the folders", async () => {
    const deep = `${"a".repeat(10)}/`.repeat(100);
    const names = Array.from({ length: 3000 }, (_, n) => `${deep}${String(n).padStart(4, "0")}${"\u0001".repeat(200)}`);
    const { safeFs } = await planted(Object.fromEntries(names.map((name) => [name, "same"])));
    const trees = await pagesOf((cursor) => directoryTree(safeFs, ".", { cursor }));
    expect(trees.length).toBeGreaterThan(2);
    for (const { tree } of trees) expect(Buffer.byteLength(JSON.stringify(tree, null, 2))).toBeLessThan(4_000_000);
    expect(new Set(trees.flatMap(({ tree }) => flat(tree))).size).toBe(3100);
    const lists = await pagesOf((cursor) => searchFiles(safeFs, ".", "**", { cursor }));
    for (const { paths } of lists) expect(JSON.stringify(paths).length).toBeLessThan(4_000_000);
    expect(lists.flatMap(({ paths }) => paths)).toHaveLength(3100);
    expect(await findDuplicates(safeFs, ".")).toMatchObject({ groups: [], truncated: true });
  });

  test("whatever the tree and the cap, the pages together tell every entry once", async () => {
    const name = fc.constantFrom("a", "b", "c", "a b", "a.b", "A", "é", "😀");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `${names.join("/")}/`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(path, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (paths, cap) => {
          const { safeFs } = await planted(Object.fromEntries(paths.map((one) => [one, ""])));
          const whole = await directoryTree(safeFs, ".");
          const pages = await pagesOf((cursor) => directoryTree(safeFs, ".", { cursor, maxEntries: cap }));
          const told = pages.flatMap(({ tree }) => flat(tree));
          expect([...new Set(told)]).toEqual(flat(whole.tree));
          expect(pages.reduce((sum, { entries }) => sum + entries, 0)).toBe(whole.entries);

          const found = await pagesOf((cursor) => searchFiles(safeFs, ".", "**", { cursor, maxEntries: cap }));
          expect(found.flatMap((page) => page.paths.map((one) => `${one}/`))).toEqual(flat(whole.tree));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("the event loop gets its turns, progress is told, and a cancelled walk stops", async () => {
    const { safeFs } = await planted(Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`d${n}/f`, ""])));
    const controller = new AbortController();
    const seen: number[] = [];
    const options: TreeOptions = {
      signal: controller.signal,
      progress(entries) {
        seen.push(entries);
        if (seen.length === 2) controller.abort(new Error("enough"));
      },
    };
    await expect(directoryTree(safeFs, ".", options)).rejects.toThrow("enough");
    expect(seen[1]).toBeLessThan(4000);
    await expect(searchFiles(safeFs, ".", "**", { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  });

  test("a cursor of other arguments, and one that was made up, are refused", async () => {
    const { safeFs } = await planted({ "a/": "", "b/": "" });
    const { nextCursor: cursor }: Tree = await directoryTree(safeFs, ".", { maxEntries: 1 });
    expect(cursor).toBeDefined();
    for (const options of [{ cursor, maxDepth: 1 }, { cursor, excludePatterns: ["x"] }, { cursor: `${cursor}x` }]) {
      await expect(directoryTree(safeFs, ".", options)).rejects.toMatchObject({ code: "invalid" });
    }
    await expect(searchFiles(safeFs, ".", "**", { cursor })).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("search_files", () => {
  test("matches the path below the folder: files, folders, links and hidden ones", async () => {
    const { safeFs } = await planted({
      "d/a.ts": "",
      "d/e/.b.ts": "",
      "d/x.ts/": "",
      "a.ts": "",
      "d/l.ts": new Link("a.ts"),
    });
    const find = async (pattern: string, excludePatterns: string[] = []) =>
      (await searchFiles(safeFs, "d", pattern, { excludePatterns })).paths;
    expect(await find("*.ts")).toEqual(["a.ts", "l.ts", "x.ts"]);
    expect(await find("**/*.ts")).toEqual(["a.ts", "e/.b.ts", "l.ts", "x.ts"]);
    expect(await find("**/*.ts", ["e", "l*"])).toEqual(["a.ts", "x.ts"]);
    expect(await find("e/**")).toEqual(["e/.b.ts"]);
    expect(await find("nothing")).toEqual([]);
  });

  test("only folders in which something can match are opened", async () => {
    const { safeFs } = await planted({ "src/a/x.ts": "", "lib/a/y.ts": "", "lib/z.ts": "" });
    expect((await searchFiles(safeFs, ".", "src/**/*.ts")).seen).toBe(4);
    expect((await searchFiles(safeFs, ".", "*.ts")).seen).toBe(2);
  });

  test("results are capped, and the cursor goes on", async () => {
    const { safeFs } = await planted(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`f${n}`, ""])));
    const pages = await pagesOf((cursor) => searchFiles(safeFs, ".", "f*", { maxResults: 4, cursor }));
    expect(pages.map(({ paths }) => paths.length)).toEqual([4, 4, 2]);
  });

  test("outside the allowed folders there is nothing to search", async () => {
    const { safeFs } = await planted({ out: new Link("/etc"), "a.txt": "" });
    for (const path of ["..", "/etc", "out", "a.txt"]) {
      await expect(searchFiles(safeFs, path, "**")).rejects.toMatchObject({ name: "FilesError" });
    }
    await expect(searchFiles(safeFs, ".", "../**")).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("hashes and duplicates", () => {
  test("a hash is that of the bytes, read in pieces", async () => {
    const bytes = Buffer.alloc(3_000_001, "abc");
    const { safeFs } = await planted({ big: bytes, empty: "" });
    const file = safeFs.openFile("big");
    const told: number[] = [];
    for (const algorithm of ["sha256", "sha512", "sha1", "md5"] as const) {
      const hash = createHash(algorithm).update(bytes).digest("hex");
      expect(await hashFile(file, algorithm)).toEqual({ hash, bytes: bytes.length });
    }
    await hashFile(file, "sha256", { progress: (done) => told.push(done) });
    expect(told).toEqual([1 << 20, 2 << 20, bytes.length]);
    await expect(hashFile(file, "sha256", { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
    file.close();
    const empty = safeFs.openFile("empty");
    expect((await hashFile(empty)).hash).toMatch(/^e3b0c442/);
    empty.close();
  });

  test("a file of 3 GB with nothing in it takes no memory to hash, and a growing one comes to an end", async () => {
    const { safeFs, folder } = await planted({ grows: "12345", sparse: "" });
    const growing = safeFs.openFile("grows");
    writeFileSync(join(folder, "grows"), "1234567890");
    expect(await hashFile(growing)).toMatchObject({ bytes: 5 });
    growing.close();
    const handle = await open(join(folder, "sparse"), "r+");
    await handle.truncate(3 * 2 ** 30);
    await handle.close();
    const sparse = safeFs.openFile("sparse");
    const before = process.memoryUsage.rss();
    await expect(hashFile(sparse, "md5", { signal: AbortSignal.timeout(500) })).rejects.toThrow();
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 2 ** 20);
    sparse.close();
  });

  test("files are the same when all of their bytes are, and what wastes most comes first", async () => {
    const long = "x".repeat(5000);
    const { safeFs, folder } = await planted({
      "a/1": long,
      "b/1": long,
      "c/1": `${long.slice(1)}y`,
      "d/1": `y${long.slice(1)}`,
      "a/2": "short",
      "b/2": "short",
      "c/2": "shirt",
      e1: "",
      e2: "",
      l: new Link("a/1"),
    });
    await link(join(folder, "a/1"), join(folder, "hard"));
    expect(await findDuplicates(safeFs, ".")).toEqual({
      groups: [
        { sha256: createHash("sha256").update(long).digest("hex"), size: 5000, paths: ["a/1", "b/1"] },
        { sha256: createHash("sha256").update("short").digest("hex"), size: 5, paths: ["a/2", "b/2"] },
      ],
      wasted: 5005,
      seen: 15,
      truncated: false,
      closed: { unreadable: 0, tooDeep: 0 },
    });
    expect((await findDuplicates(safeFs, ".", { minBytes: 6 })).groups).toHaveLength(1);
    expect((await findDuplicates(safeFs, ".", { exclude: ["b"] })).groups).toEqual([]);
    expect((await findDuplicates(safeFs, ".", { maxEntries: 3 })).truncated).toBe(true);
    expect((await findDuplicates(safeFs, ".", { maxTime: 0 })).truncated).toBe(true);
  });
});

describe("list_directory_with_sizes", () => {
  const facts = (size: number) => ({ facts: { size } }) as never;
  const listed = [
    { name: "d", type: "directory" as const, ...(facts(4096) as object) },
    { name: "b", type: "file" as const, ...(facts(2048) as object) },
    { name: "a", type: "link" as const, ...(facts(3) as object) },
    { name: "gone", type: "file" as const },
  ];

  test("by name or the largest first, with sums of what are no folders", () => {
    expect(sizedListing(listed)).toMatchObject({ files: 3, directories: 1, bytes: 2051 });
    const names = (sortBy: "name" | "size") => sizedListing(listed, sortBy).entries.map(({ name }) => name);
    expect(names("name")).toEqual(["a", "b", "d", "gone"]);
    expect(names("size")).toEqual(["d", "b", "a", "gone"]);
  });

  test("the text is that of the official server", () => {
    expect(formatListing(sizedListing(listed.slice(0, 2)))).toBe(
      [
        `[FILE] ${"b".padEnd(30)}    2.00 KB`,
        `[DIR] ${"d".padEnd(30)} `,
        "",
        "Total: 1 files, 1 directories",
        "Combined size: 2.00 KB",
      ].join("\n"),
    );
    expect([0, 1023, 1024, 1_048_575, 1_048_576, 5e9, 2e15].map(formatSize)).toEqual([
      "0 B",
      "1023 B",
      "1.00 KB",
      "1024.00 KB",
      "1.00 MB",
      "4.66 GB",
      "1818.99 TB",
    ]);
  });
});
