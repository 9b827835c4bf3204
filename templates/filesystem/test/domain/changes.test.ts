import { readdirSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, rename, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FilesEvent } from "../../src/domain/files.ts";
import { openFiles } from "../../src/domain/open-files.ts";
import { newFiles, refusal, ways } from "../fixtures/files.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const shownNames = async (folder: string) => (await readdir(folder)).filter((name) => name !== ".offshoot").sort();

describe.each(ways)("$way", ({ descriptorPaths }) => {
  test("F35 a move replaces nothing unless asked, and no folder ever", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await files.write("a", "a");
    await files.write("b", "b");
    await files.createDirectory("d/e");
    for (const [from, to] of [
      ["a", "b"],
      ["a", "d"],
      ["d", "b"],
    ] as const) {
      expect((await refusal(files.move(from, to))).code).toBe("exists");
    }
    expect((await refusal(files.move("a", "d", { overwrite: true }))).code).toBe("exists");
    await files.move("a", "b", { overwrite: true });
    expect((await files.readText("b")).text).toBe("a");
    await files.undo();
    expect([(await files.readText("a")).text, (await files.readText("b")).text]).toEqual(["a", "b"]);
    expect((await refusal(files.move("missing", "c"))).code).toBe("not_found");
    expect((await refusal(files.move("a", "missing/c"))).message).toMatch(/create_directory/);
    expect((await refusal(files.move("a", "./a"))).code).toBe("invalid");
    expect(await shownNames(at())).toEqual(["a", "b", "d"]);
  });

  test("F35 a root stays, nothing goes into itself, and a name may change its case", async () => {
    const other = await temporaryFolder();
    const { files, folder, at } = await newFiles({ descriptorPaths, also: [other] });
    await files.createDirectory("d/e");
    for (const use of [
      files.move(".", "x"),
      files.move(folder, join(other, "x")),
      files.remove(folder),
      files.move("d", "d/e/f"),
      files.copy("d", "d/e/f"),
      files.copy(".", "d/all"),
    ]) {
      expect((await refusal(use)).code).toBe("refused");
    }
    await files.write("name", "x");
    await files.move("name", "NAME");
    expect(await shownNames(at())).toEqual(["NAME", "d"]);
    await files.move("NAME", join(other, "n"));
    expect(await shownNames(other)).toEqual(["n"]);
    await files.undo();
    expect([await shownNames(other), await shownNames(at())]).toEqual([[], ["NAME", "d"]]);
    const nested = await openFiles({ roots: [folder, at("d", "e")], descriptorPaths });
    onTestFinished(() => nested.close());
    expect((await refusal(nested.move("d", "x"))).code).toBe("refused");
    expect((await refusal(nested.remove("d"))).code).toBe("refused");
  });

  test("takes back every kind of change, the newest first, also after a new start", async () => {
    const { files: first, folder, at } = await newFiles({ descriptorPaths });
    await writeFile(at("old"), "old content");
    await first.write("old", "new");
    await first.append("old", " and more");
    await first.edit("old", [{ oldText: "new", newText: "newer" }]);
    await first.write("fresh", "fresh");
    await first.createDirectory("d/e/f");
    await first.move("old", "d/e/moved");
    await first.copy("d", "copied");
    await first.copy("fresh", "d/e/moved", { overwrite: true });
    await first.remove("copied");
    await first.append("appended", "new file");
    await first.close();
    const files = await openFiles({ roots: [folder], descriptorPaths });
    onTestFinished(() => files.close());
    const content = async (path: string) => (await files.readText(path)).text;
    const undo = async () => (await files.undo()).action;
    expect(await undo()).toBe("append");
    expect(await shownNames(at())).toEqual(["d", "fresh"]);
    expect(await undo()).toBe("remove");
    expect(await content("copied/e/moved")).toBe("newer and more");
    expect(await undo()).toBe("copy");
    expect(await content("d/e/moved")).toBe("newer and more");
    expect(await undo()).toBe("copy");
    expect(await shownNames(at())).toEqual(["d", "fresh"]);
    expect(await undo()).toBe("move");
    expect(await undo()).toBe("createDirectory");
    expect(await undo()).toBe("write");
    expect(await shownNames(at())).toEqual(["old"]);
    expect(await undo()).toBe("edit");
    expect(await content("old")).toBe("new and more");
    expect(await undo()).toBe("append");
    expect(await content("old")).toBe("new");
    expect(await undo()).toBe("write");
    expect(await content("old")).toBe("old content");
    expect((await refusal(files.undo())).code).toBe("not_found");
  });

  test("undo never takes away what somebody else has written since", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await files.write("a", "a");
    await files.write("b", "b");
    await files.remove("a");
    await writeFile(at("a"), "somebody's");
    expect((await refusal(files.undo())).code).toBe("exists");
    await rename(at("a"), at("a2"));
    await files.undo();
    await writeFile(at("b"), "somebody's, and longer");
    expect((await refusal(files.undo())).message).toMatch(/changed since.*change before/);
    expect(await readFile(at("b"), "utf8")).toBe("somebody's, and longer");
    expect((await files.undo()).path).toBe("a");
    await files.createDirectory("d");
    await writeFile(at("d", "somebody's"), "");
    expect((await refusal(files.undo())).code).toBe("conflict");
  });

  test("removes a link and not what it leads to, and a folder as one", async () => {
    const { files, outside, at } = await newFiles({ descriptorPaths });
    await symlink(outside, at("out"));
    await files.createDirectory("d/e");
    await files.write("d/e/f", "f");
    expect(await files.remove("out")).toEqual({ type: "link" });
    expect(await files.remove("d")).toEqual({ type: "directory" });
    expect(await shownNames(at())).toEqual([]);
    expect(await shownNames(outside)).toEqual(["f.txt", "secret.txt"]);
    await files.undo();
    expect((await files.readText("d/e/f")).text).toBe("f");
    await files.undo();
    expect(await readlink(at("out"))).toBe(outside);
    const moved = files.move("out", "d/out");
    await moved;
    expect((await lstat(at("d", "out"))).isSymbolicLink()).toBe(true);
    expect((await refusal(files.readText("d/out/secret.txt"))).code).toBe("refused");
  });

  test("copies files and folders with their modes, and no links", async () => {
    const { files, outside, at } = await newFiles({ descriptorPaths });
    await mkdir(at("d", "e"), { recursive: true });
    await writeFile(at("d", "e", "run"), "#!/bin/sh\n", { mode: 0o755 });
    await symlink(join(outside, "secret.txt"), at("d", "link"));
    expect(await files.copy("d", "c")).toEqual({ files: 1, bytes: 10, skipped: 1 });
    expect(await readdir(at("c"))).toEqual(["e"]);
    await files.copy("c/e/run", "run");
    for (const name of ["run", "c/e/run"]) expect((await stat(at(name))).mode & 0o777).toBe(0o755);
    expect((await refusal(files.copy("run", "c/e/run"))).code).toBe("exists");
    expect((await refusal(files.copy("d/link", "secret"))).code).toBe("refused");
  });

  test("keeps the mode of a file that is written over, and refuses to where asked", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await writeFile(at("f"), "1", { mode: 0o750 });
    expect(await files.write("f", "2")).toMatchObject({ created: false, size: 1 });
    expect((await stat(at("f"))).mode & 0o7777).toBe(0o750);
    expect((await refusal(files.write("f", "3", { overwrite: false }))).code).toBe("exists");
    expect((await refusal(files.write("d/f", "3"))).message).toMatch(/create_directory/);
    expect((await refusal(files.write("f", "a\ud800"))).code).toBe("invalid");
    expect(await files.createDirectory("x/y")).toEqual({ created: true });
    expect(await files.createDirectory("x/y")).toEqual({ created: false });
    expect((await refusal(files.createDirectory("f"))).code).toBe("exists");
    expect((await refusal(files.createDirectory("f/g"))).code).toBe("wrong_kind");
    await writeFile(at("wide"), Buffer.from("\ufeffä", "utf16le"));
    await files.write("wide", "漢");
    await files.append("wide", "字");
    expect(await readFile(at("wide"))).toEqual(Buffer.from("\ufeff漢字", "utf16le"));
  });
});

test("a new file appears once among many who make it", async () => {
  const { files } = await newFiles();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => files.write("f", String(index), { overwrite: false })),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("F41 refuses to grow beyond the quota", async () => {
  const { files } = await newFiles({ quota: { bytes: 1_000, files: 3 } });
  await files.write("a", "x".repeat(600));
  for (const use of [
    files.write("b", "x".repeat(600)),
    files.append("a", "x".repeat(600)),
    files.copy("a", "b"),
    files.edit("a", [{ oldText: "x".repeat(600), newText: "y".repeat(1_001) }]),
  ]) {
    expect((await refusal(use)).code).toBe("quota");
  }
  await files.write("a", "x".repeat(900));
  await files.write("b", "");
  await files.write("c", "");
  expect((await refusal(files.write("d", ""))).code).toBe("quota");
  await files.write("c", "fits");
});

test("the trash forgets the oldest when it is full, and the old at a start", async () => {
  const folder = await temporaryFolder();
  const files = await openFiles({ roots: [folder], keepBytes: 2_500 });
  for (const name of ["a", "b", "c"]) {
    await files.write(name, name.repeat(1_000));
    await files.remove(name);
  }
  const kept = async () => (await readdir(join(folder, ".offshoot"))).filter((name) => name.endsWith(".kept"));
  expect(await kept()).toHaveLength(2);
  await files.undo();
  await files.close();
  expect(await shownNames(folder)).toEqual(["c"]);
  const fresh = await openFiles({ roots: [folder] });
  expect(await kept()).toHaveLength(1);
  await fresh.close();
  const later = await openFiles({ roots: [folder], keepMs: -1 });
  onTestFinished(() => later.close());
  expect(await readdir(join(folder, ".offshoot"))).toEqual([".gitignore"]);
});

test("keeps what was deleted last, however large, and for undo", async () => {
  const folder = await temporaryFolder();
  const files = await openFiles({ roots: [folder], keepBytes: 100 });
  onTestFinished(() => files.close());
  await files.write("large", "x".repeat(1_000));
  await files.remove("large");
  await files.undo();
  expect((await files.readText("large")).size).toBe(1_000);
});

test("believes no journal that came with a folder", async () => {
  const { files, outside, at } = await newFiles();
  await files.write("mine", "1");
  await files.write("mine", "2");
  const mark = { dev: 1, ino: 1, size: 1, mtimeMs: 1 };
  const planted: object[] = [
    { action: "remove", path: "x", relative: ["..", "outside", "planted"], before: mark },
    { action: "remove", path: "x", relative: ["../outside/planted"], before: mark },
    { action: "remove", path: "x", relative: [".."], before: mark },
    { action: "createDirectory", path: "x", relative: ["x"], folders: [["../outside/empty"]] },
    { action: "write", path: "x", relative: [] },
    { action: "format", path: "x", relative: ["x"] },
  ];
  await mkdir(join(outside, "empty"));
  for (const [index, change] of planted.entries()) {
    await writeFile(at(".offshoot", `zzzzzzzz${index}-1.json`), JSON.stringify(change));
    await writeFile(at(".offshoot", `zzzzzzzz${index}-1.kept`), "planted");
  }
  await writeFile(at(".offshoot", "zzzzzzzz9-1.json"), "{");
  await writeFile(at(".offshoot", ".offshoot-tmp-1-x.pending"), "../outside/.offshoot-tmp-1-x");
  await writeFile(join(outside, ".offshoot-tmp-1-x"), "not ours");
  expect(await files.undo()).toEqual({ action: "write", path: "mine" });
  const again = await openFiles({ roots: [at()] });
  await again.close();
  expect(await shownNames(outside)).toEqual([".offshoot-tmp-1-x", "empty", "f.txt", "secret.txt"]);
});

test("tells of every change by its path", async () => {
  const { files, folder } = await newFiles();
  const events: FilesEvent[] = [];
  const stop = files.onChange((event) => events.push(event));
  await files.write("a", "1");
  await files.write("a", "2");
  await files.move("a", "b");
  await files.remove("b");
  await files.undo();
  stop();
  await files.write("c", "unheard");
  const at = (name: string) => join(folder, name);
  expect(events).toEqual([
    { type: "created", path: at("a") },
    { type: "changed", path: at("a") },
    { type: "deleted", path: at("a") },
    { type: "created", path: at("b") },
    { type: "deleted", path: at("b") },
    { type: "created", path: at("b") },
  ]);
});

test("a change that is given up before it happens does not happen", async () => {
  const { files, at } = await newFiles();
  await files.write("a", "a");
  const signal = AbortSignal.abort();
  const uses = [
    files.write("a", "b", { signal }),
    files.append("a", "b", { signal }),
    files.edit("a", [{ oldText: "a", newText: "b" }], { signal }),
    files.move("a", "b", { signal }),
    files.copy("a", "b", { signal }),
    files.remove("a", { signal }),
    files.createDirectory("d", { signal }),
  ];
  for (const outcome of await Promise.allSettled(uses))
    expect(outcome).toMatchObject({ status: "rejected", reason: { name: "AbortError" } });
  expect(await shownNames(at())).toEqual(["a"]);
  expect((await files.readText("a")).text).toBe("a");
});

test.skipIf(process.platform !== "linux")("leaves no descriptor open, whatever fails", async () => {
  const { files, outside, at } = await newFiles();
  await mkdir(at("d"));
  await symlink(outside, at("out"));
  await symlink("d/inner", at("in"));
  await writeFile(at("d", "inner"), "x");
  await writeFile(at("other"), "x");
  await utimes(at("other"), 1, 1);
  const open = () => readdirSync("/proc/self/fd").length;
  const round = async () => {
    for (const path of [
      "d/inner",
      "in",
      "out/secret.txt",
      "d",
      "missing",
      "missing/x",
      "other/x",
      ".",
      "out",
      "n".repeat(300),
    ]) {
      const uses = [
        files.readText(path),
        files.readText(path, { tail: 1 }),
        files.readLines(path, { offset: 1, limit: 1 }),
        files.readBytes(path),
        files.stat(path),
        files.list(path, { facts: true }),
        files.write(path, "x"),
        files.append(path, "x"),
        files.edit(path, [{ oldText: "xx", newText: "x" }]),
        files.write(path, "y", { ifSha256: "0".repeat(64) }),
        files.createDirectory(path),
        files.copy(path, "copied"),
        files.copy("other", path),
        files.move(path, "missing/y"),
        files.move("other", path),
        files.copy("d", "d/x"),
        files.remove("copied"),
        files.undo(),
      ];
      for (const use of uses) await use.catch(() => {});
    }
  };
  await round();
  const before = open();
  await round();
  expect(open()).toBe(before);
});
