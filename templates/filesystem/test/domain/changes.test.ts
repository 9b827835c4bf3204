import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import {
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { FilesEvent } from "../../src/domain/files.ts";
import { openFiles } from "../../src/domain/open-files.ts";
import { newFiles, refusal, ways } from "../fixtures/files.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const shownNames = async (folder: string) =>
  (await readdir(folder)).filter((name) => !name.startsWith(".offshoot")).sort();

describe.each(ways)("$way", ({ descriptorPaths }) => {
  test("a move replaces nothing unless asked, and no folder ever", async () => {
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

  test("a root stays, nothing goes into itself, and a name may change its case", async () => {
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
    const { files: first, folder, state, at } = await newFiles({ descriptorPaths });
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
    const files = await openFiles({ roots: [folder], state, descriptorPaths });
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

  test("undo passes over what the world has overtaken, says so, and goes on to the change before", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await files.write("first", "1");
    await files.createDirectory("gone");
    await files.write("gone/x", "x");
    await rm(at("gone"), { recursive: true });
    await files.write("foreign", "ours");
    await writeFile(at("foreign"), "theirs");
    await files.write("log", "a\n");
    await files.append("log", "ours\n");
    await writeFile(at("log"), "rewritten\n");
    await files.createDirectory("filled");
    await writeFile(at("filled", "theirs"), "");
    const { passedOver, ...undone } = await files.undo();
    expect(undone).toEqual({ action: "createDirectory", path: "gone" });
    expect(undone).not.toHaveProperty("reason");
    expect(passedOver.map(({ action, path }) => `${action} ${path}`)).toEqual([
      "createDirectory filled",
      "append log",
      "write log",
      "write foreign",
      "write gone/x",
    ]);
    for (const { reason } of passedOver) expect(reason).toMatch(/".*".*[.]$/);
    expect(await readFile(at("foreign"), "utf8")).toBe("theirs");
    expect(await readFile(at("log"), "utf8")).toBe("rewritten\n");
    expect(await files.undo()).toEqual({ action: "write", path: "first", passedOver: [] });
    expect((await refusal(files.undo())).code).toBe("not_found");
    expect(await shownNames(at())).toEqual(["filled", "foreign", "log"]);
  });

  test("what was deleted can come back whenever its place is free again", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await files.write("b", "b");
    await files.write("a", "a");
    await files.remove("a");
    await writeFile(at("a"), "theirs");
    const { passedOver, path } = await files.undo();
    expect(path).toBe("b");
    expect(passedOver).toMatchObject([
      { action: "remove", reason: expect.stringContaining("Move it away, then undo") },
      { action: "write", path: "a" },
    ]);
    await rename(at("a"), at("a2"));
    expect(await files.undo()).toMatchObject({ action: "remove", path: "a", passedOver: [] });
    expect((await files.readText("a")).text).toBe("a");
  });

  test("undo knows what was written by its content, whatever its times say", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await writeFile(at("f"), "before");
    await files.write("f", "ours");
    await utimes(at("f"), 1, 1);
    expect((await files.undo()).path).toBe("f");
    expect(await readFile(at("f"), "utf8")).toBe("before");
    await files.append("f", " and more");
    const { atime, mtime } = await stat(at("f"));
    await writeFile(at("f"), "other content!!");
    await utimes(at("f"), atime, mtime);
    expect((await refusal(files.undo())).message).toMatch(/does not end with what was added/);
    expect(await readFile(at("f"), "utf8")).toBe("other content!!");
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

test("refuses to grow beyond the quota", async () => {
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

test("the quota holds for changes that come at once, and for what comes from another folder", async () => {
  const { files: first, folder, outside, state } = await newFiles();
  await first.close();
  const files = await openFiles({ roots: [folder, outside], state, quota: { bytes: 1_000 } });
  onTestFinished(() => files.close());
  const at = (name: string) => join(outside, name);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, turn) => files.write(`f${turn}`, "x".repeat(400))),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
  await files.createDirectory(at("d"));
  await files.write(at("d/g"), "x".repeat(400));
  expect((await refusal(files.move(at("d"), "d"))).code).toBe("quota");
  // What is deleted makes room at once.
  for (const { name } of await files.list(".")) await files.remove(name);
  await files.move(at("d"), "d");
  await files.write(at("h"), "x".repeat(400));
});

test("the trash forgets the oldest when it is full, and the old at a start", async () => {
  const [folder, state] = [await temporaryFolder(), await temporaryFolder()];
  const files = await openFiles({ roots: [folder], state, keepBytes: 14_500 });
  for (const name of ["a", "b", "c"]) {
    await files.createDirectory(`${name}/deeper`);
    await files.write(`${name}/deeper/f`, name.repeat(3_000));
    await files.remove(name);
  }
  const kept = async () => {
    const trash = (await readdir(folder)).find((name) => name.startsWith(".offshoot-")) ?? "";
    return (await readdir(join(folder, trash))).filter((name) => name !== ".gitignore");
  };
  expect(await kept()).toHaveLength(1);
  await files.undo();
  await files.close();
  expect(await shownNames(folder)).toEqual(["c"]);
  await writeFile(join(folder, "c", "deeper", "f"), "theirs");
  const fresh = await openFiles({ roots: [folder], state });
  await fresh.remove("c");
  expect(await kept()).toHaveLength(1);
  await fresh.close();
  const later = await openFiles({ roots: [folder], state, keepMs: -1 });
  onTestFinished(() => later.close());
  await expect.poll(kept).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "a folder deeper than any path can be written goes into the trash, and out of it",
  async () => {
    // In memory: each of so many folders costs a disk its time.
    const folder = await mkdtemp("/dev/shm/offshoot-filesystem-");
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const state = await temporaryFolder();
    const files = await openFiles({ roots: [folder], state });
    // From the inside out, as its path would be too long the other way round.
    await mkdir(join(folder, "d"));
    for (let depth = 1; depth < 12_000; depth++) {
      await mkdir(join(folder, "around"));
      await rename(join(folder, "d"), join(folder, "around", "d"));
      await rename(join(folder, "around"), join(folder, "d"));
    }
    await files.remove("d");
    expect(await shownNames(folder)).toEqual([]);
    await files.undo();
    expect(await shownNames(folder)).toEqual(["d"]);
    await files.remove("d");
    await files.close();
    const later = await openFiles({ roots: [folder], state, keepMs: -1 });
    onTestFinished(() => later.close());
    const [trash = ""] = (await readdir(folder)).filter((name) => name.startsWith(".offshoot-"));
    await expect.poll(() => readdir(join(folder, trash))).toEqual([".gitignore"]);
  },
);

describe("a folder that brings a trash and a journal of its own", () => {
  const names = [".offshoot", ".offshoot-trash-0badf00d", ".OFFSHOOT-TRASH-1"];

  test("has nothing of it believed, and is named once", async () => {
    const { files, at, outside } = await newFiles();
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    await mkdir(at(".git", "hooks"), { recursive: true });
    for (const name of names) {
      await mkdir(at(name));
      const change = { action: "remove", path: "README.md", relative: [".git", "hooks", "pre-commit"] };
      await writeFile(at(name, "zzzzzzzzz-1.json"), JSON.stringify(change));
      await writeFile(at(name, "zzzzzzzzz-1.kept"), "#!/bin/sh\n", { mode: 0o755 });
      await writeFile(at(name, "zzzzzzzzz-2.json"), "{}");
    }
    await files.write("mine", "1");
    await files.write("mine", "2");
    expect(await files.undo()).toEqual({ action: "write", path: "mine", passedOver: [] });
    expect((await files.readText("mine")).text).toBe("1");
    await files.undo();
    expect((await refusal(files.undo())).code).toBe("not_found");
    expect(await readdir(at(".git", "hooks"))).toEqual([]);
    for (const name of names) expect(await readdir(at(name))).toHaveLength(3);
    expect(await shownNames(outside)).toEqual(["f.txt", "secret.txt"]);
    expect(warned.mock.calls).toEqual([[expect.stringMatching(/has not put there.*\.offshoot/)]]);
  });

  test.each(["file", "link", "loop", "pipe"])("works with them as a %s, too", async (kind) => {
    const { files, at, outside } = await newFiles();
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    for (const name of names) {
      if (kind === "file") await writeFile(at(name), "");
      else if (kind === "pipe") execFileSync("mkfifo", [at(name)]);
      else await symlink(kind === "link" ? outside : name, at(name));
    }
    await files.write("f", "1");
    await files.write("f", "2");
    await files.remove("f");
    await files.undo();
    await files.undo();
    expect((await files.readText("f")).text).toBe("1");
    expect(await shownNames(outside)).toEqual(["f.txt", "secret.txt"]);
  });

  test("does not get back what another folder had lost, though it is a copy of it", async () => {
    const { files, folder, state, at, outside } = await newFiles();
    await files.write("f", "1");
    await files.remove("f");
    await files.close();
    const copy = join(outside, "copy");
    await cp(folder, copy, { recursive: true });
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const others = await openFiles({ roots: [copy], state });
    onTestFinished(() => others.close());
    expect((await refusal(others.undo())).code).toBe("not_found");
    const again = await openFiles({ roots: [folder], state });
    onTestFinished(() => again.close());
    await again.undo();
    expect(await readFile(at("f"), "utf8")).toBe("1");
  });
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
  expect(events).toMatchObject([
    { type: "created", path: at("a") },
    { type: "changed", path: at("a") },
    { type: "deleted", path: at("a") },
    { type: "created", path: at("b") },
    { type: "deleted", path: at("b") },
    { type: "created", path: at("b") },
  ]);
});

test("a diff is cut where it is long, so that what was written is never told as refused", async () => {
  const { files, at } = await newFiles();
  const line = "x".repeat(3_000_000);
  await writeFile(at("f"), `${line}\nend\n`);
  const edited = await files.edit("f", [{ oldText: "xend".slice(1), newText: "END" }]);
  expect(edited).toMatchObject({ applied: true, replacements: 1 });
  // On a busy machine there may be none at all.
  const { diff: long = "1 more characters" } = edited;
  expect(long.length).toBeLessThan(50_000);
  expect(long).toContain("more characters");
  await writeFile(at("g"), "END");
  const { diff = "… 1 more lines of the diff" } = await files.edit("g", [
    { oldText: "END", newText: "some line\n".repeat(9_000) },
  ]);
  expect(diff.length).toBeLessThan(50_000);
  expect(diff).toMatch(/… \d+ more lines of the diff$/);
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
