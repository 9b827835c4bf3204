// The cases of escape and of hostile files.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FilesError } from "../../src/domain/errors.ts";
import type { Files } from "../../src/domain/files.ts";
import { openFiles } from "../../src/domain/open-files.ts";
import { newFiles, refusal, ways } from "../fixtures/files.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

test("nothing but safe-fs reaches the disk", () => {
  const source = join(import.meta.dirname, "..", "..", "src");
  const reaching = globSync("**/*.ts", { cwd: source })
    // A type is no way to the disk.
    .filter((file) =>
      /^import (?!type ).*"(?:node:)?fs(?:\/promises)?"/m.test(readFileSync(join(source, file), "utf8")),
    )
    .map((file) => file.replaceAll("\\", "/"));
  expect(reaching.length).toBeGreaterThan(5);
  // The pages of the views are the server's own.
  expect(reaching.filter((file) => !file.startsWith("domain/safe-fs/") && file !== "views.ts")).toEqual([]);
});

/** Nobody learns from a refusal where the allowed folder is, or what a link leads to. */
function expectDiscreet(error: FilesError, given: string, ...hidden: string[]): void {
  for (const text of hidden) if (!given.includes(text)) expect(error.message).not.toContain(text);
  expect(error.message.length).toBeLessThan(500);
}

/** Every way to use a path. */
const uses = (files: Files, path: string): Promise<unknown>[] => [
  files.readText(path),
  files.readBytes(path),
  files.readLines(path, { offset: 1, limit: 1 }),
  files.stat(path),
  files.list(path),
  files.write(path, "x"),
  files.append(path, "x"),
  files.edit(path, [{ oldText: "S", newText: "s" }]),
  files.createDirectory(path),
  files.copy(path, "taken"),
  files.copy("there.txt", path),
  files.remove(path),
  files.move(path, "taken"),
  files.move("there.txt", path),
];

describe.each(ways)("$way", ({ descriptorPaths }) => {
  test("denies what is named outside, and says only what was said to it", async () => {
    const { files, folder, outside, at } = await newFiles({ descriptorPaths });
    await mkdir(`${folder}-evil`);
    await writeFile(`${folder}-evil/p.txt`, "SECRET");
    await writeFile(at("there.txt"), "there");
    const paths = [
      "../outside/secret.txt",
      "a/../../outside/secret.txt",
      "/etc/passwd",
      `${folder}/../outside/secret.txt`,
    ];
    for (const path of [...paths, `${folder}-evil/p.txt`, "..", "/", "~/x", "../allowed-evil/p.txt"]) {
      for (const use of uses(files, path)) {
        const error = await refusal(use);
        expect(error.code).toBe("refused");
        expectDiscreet(error, path, folder, outside);
      }
    }
    expect((await files.readText(`${folder}/x/../there.txt`)).text).toBe("there");
  });

  test("denies links that lead outside, and tells neither where nor whether there is something", async () => {
    const { files, folder, outside, at } = await newFiles({ descriptorPaths });
    await symlink(join(outside, "secret.txt"), at("file"));
    await symlink(outside, at("dir"));
    await symlink("../outside/secret.txt", at("relative"));
    await symlink("chain2", at("chain1"));
    await symlink("chain3", at("chain2"));
    await symlink(join(outside, "secret.txt"), at("chain3"));
    await symlink("loop2", at("loop1"));
    await symlink("loop1", at("loop2"));
    const messages = new Set<string>();
    const paths = ["file", "dir/secret.txt", "dir/nothing.txt", "dir", "relative", "chain1", "loop1", "dir/a/b/c"];
    for (const path of paths) {
      for (const use of [files.readText(path), files.stat(path), files.list(path), files.readBytes(path)]) {
        const error = await refusal(use);
        expect(error.code, path).toBe("refused");
        expectDiscreet(error, path, folder, outside, "secret");
        messages.add(error.message.replace(JSON.stringify(path), "P"));
      }
    }
    expect([...messages]).toHaveLength(1);
  });

  test("follows links that stay inside, and changes what they lead to", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await mkdir(at("real"));
    await writeFile(at("real", "a.txt"), "a");
    await symlink("real", at("dir"));
    await symlink("real/a.txt", at("link"));
    expect((await files.readText("dir/a.txt")).text).toBe("a");
    await files.write("link", "b");
    expect((await files.readText("real/a.txt")).text).toBe("b");
    expect(await files.stat("link")).toMatchObject({ type: "file", link: true });
    expect((await files.list(".")).find(({ name }) => name === "link")?.type).toBe("link");
  });

  test("writes nothing over a link that leads outside, not even where there is nothing yet", async () => {
    const { files, outside, at } = await newFiles({ descriptorPaths });
    await symlink(outside, at("dir"));
    await symlink(join(outside, "new.txt"), at("dangling"));
    await writeFile(at("there.txt"), "there");
    for (const path of ["dir/new.txt", "dangling"]) {
      for (const use of [
        files.write(path, "x"),
        files.append(path, "x"),
        files.edit(path, [{ oldText: "a", newText: "b" }]),
      ]) {
        expect((await refusal(use)).code).toBe("refused");
      }
    }
    for (const use of [
      files.createDirectory("dir/new"),
      files.copy("there.txt", "dir/new"),
      files.move("there.txt", "dir/new"),
      files.remove("dir/secret.txt"),
    ]) {
      expect((await refusal(use)).code).toBe("refused");
    }
    expect(existsSync(join(outside, "new.txt")) || existsSync(join(outside, "new"))).toBe(false);
    expect(existsSync(join(outside, "secret.txt"))).toBe(true);
  });

  test("refuses a file of several names where links are strict", async () => {
    const { files, outside, at, folder } = await newFiles({ descriptorPaths });
    await link(join(outside, "secret.txt"), at("hard"));
    expect((await files.readText("hard")).text).toBe("SECRET"); // documented: a hard link is a file of this folder
    const strict = await openFiles({ roots: [folder], strictLinks: true, descriptorPaths });
    onTestFinished(() => strict.close());
    for (const use of [
      strict.readText("hard"),
      strict.write("hard", "x"),
      strict.append("hard", "x"),
      strict.copy("hard", "soft"),
    ]) {
      expect((await refusal(use)).code).toBe("refused");
    }
    await strict.write("own", "1");
    await strict.write("own", "2");
    await strict.undo();
    expect((await strict.readText("own")).text).toBe("1");
  });

  test("refuses everything when an allowed folder was replaced", async () => {
    const { files, folder, outside } = await newFiles({ descriptorPaths });
    await files.write("a.txt", "a");
    await rename(folder, `${folder}-moved`);
    await symlink(outside, folder);
    for (const use of [
      files.readText("secret.txt"),
      files.write("a.txt", "x"),
      files.list("."),
      files.readText("a.txt"),
    ]) {
      expect((await refusal(use)).code).toBe("refused");
    }
    await unlink(folder);
    await mkdir(folder);
    await writeFile(join(folder, "a.txt"), "another folder");
    expect((await refusal(files.readText("a.txt"))).code).toBe("refused");
    expect((await refusal(files.write("b.txt", "b"))).code).toBe("refused");
  });

  test.skipIf(process.platform === "win32")("refuses devices, pipes, sockets and folders at once", async () => {
    const { files, folder, at } = await newFiles({ descriptorPaths });
    execFileSync("mkfifo", [at("pipe")]);
    const server = createServer().listen(at("socket"));
    onTestFinished(() => void server.close());
    await symlink("/dev/zero", at("zero"));
    await mkdir(at("folder"));
    if (process.getuid?.() === 0) execFileSync("mknod", [at("device"), "c", "1", "5"]);
    const names = ["pipe", "socket", "folder", ...(existsSync(at("device")) ? ["device"] : [])];
    const all = [...names, "zero"].flatMap((name) => [
      files.readText(name),
      files.readBytes(name),
      files.readLines(name, { offset: 1, limit: 1 }),
      files.write(name, "x"),
      files.append(name, "x"),
    ]);
    for (const error of await Promise.all(all.map(refusal))) {
      expect(["wrong_kind", "refused"]).toContain(error.code);
      expectDiscreet(error, "", folder, "/dev");
    }
    expect((await refusal(files.readText("pipe"))).message).toMatch(/not a regular file/);
  });

  test("refuses names and paths that are too long, or no text", async () => {
    const { files, folder } = await newFiles({ descriptorPaths });
    await files.write("n".repeat(255), "fits");
    const odd = ["n".repeat(256), "é".repeat(128), `${"d/".repeat(3_000)}f`, "a/".repeat(2_049), "a\0b", "a\ud800", ""];
    for (const path of odd) {
      for (const use of [files.readText(path), files.write(path, "x"), files.createDirectory(path)]) {
        const error = await refusal(use);
        expect(error.code).toBe("invalid");
        expectDiscreet(error, path, folder);
        expect(error.message.isWellFormed()).toBe(true);
      }
    }
  });

  test("opens only the very name, and suggests the one that looks the same", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    const composed = "caf\u00e9.txt";
    const decomposed = "cafe\u0301.txt";
    await writeFile(at(composed), "composed");
    expect((await refusal(files.readText(decomposed))).message).toMatch(/NFC/);
    await files.write(decomposed, "decomposed");
    expect((await files.readText(composed)).text).toBe("composed");
    expect((await files.readText(decomposed)).text).toBe("decomposed");
    await unlink(at(composed));
    expect((await refusal(files.readText(composed))).message).toMatch(/NFD/);
    expect((await refusal(files.readText("CAF\u00c9.txt"))).message).toMatch(/differs in case/);
  });

  test.skipIf(process.platform === "win32")("what a listing told as a file is opened as nothing else", async () => {
    const { files, outside, at } = await newFiles({ descriptorPaths, strictLinks: true });
    const names = ["file", "folder", "gone", "link", "other", "pipe", "several"];
    for (const name of names) await writeFile(at(name), "was a file");
    const directory = files.safeFs.openDirectory(".");
    onTestFinished(() => directory.close());
    expect(directory.entries()).toEqual(names.map((name) => ({ name, type: "file" })));
    for (const name of names.slice(1)) await unlink(at(name));
    await mkdir(at("folder"));
    await symlink(join(outside, "secret.txt"), at("link"));
    await writeFile(at("other"), "another file");
    execFileSync("mkfifo", [at("pipe")]);
    await link(at("other"), at("several"));
    for (const name of ["folder", "gone", "link", "pipe", "several", "other"])
      expect(() => directory.openFile(name, "file"), name).toThrow(expect.objectContaining({ name: "FilesError" }));
    await unlink(at("several"));
    for (const name of ["file", "other"]) {
      const file = directory.openFile(name, "file");
      const bytes = Buffer.alloc(100);
      expect(bytes.toString("utf8", 0, file.readSync(bytes, 0))).toMatch(/file$/);
      file.close();
    }
  });

  test("keeps its own trash out of sight and out of reach", async () => {
    const { files, at } = await newFiles({ descriptorPaths });
    await files.write("a", "a");
    await files.remove("a");
    const [trash = ""] = readdirSync(at());
    expect(trash).toMatch(/^\.offshoot-trash-[0-9a-f]{8}$/);
    expect(await files.list(".")).toEqual([]);
    await symlink(trash, at("side-door"));
    for (const path of [
      ".offshoot",
      ".OFFSHOOT/x",
      trash,
      `${trash}/.gitignore`,
      "side-door",
      "side-door/.gitignore",
      "d/.offshoot-tmp-1-x",
    ]) {
      for (const use of [files.readText(path), files.write(path, "x"), files.list(path), files.createDirectory(path)]) {
        expect((await refusal(use)).code).toBe("refused");
      }
    }
  });

  test("no path whatever reaches outside", async () => {
    const { files, folder, outside, at } = await newFiles({ descriptorPaths });
    await mkdir(at("d", "e"), { recursive: true });
    await writeFile(at("d", "e", "f"), "inside");
    await writeFile(join(outside, "only-there"), "SECRET");
    await symlink(outside, at("out"));
    await symlink("d", at("in"));
    await symlink("/", at("top"));
    await symlink("..", at("up"));
    const part = fc.oneof(
      fc.constantFrom(
        "..",
        ".",
        "",
        "d",
        "e",
        "f",
        "out",
        "in",
        "top",
        "up",
        "secret.txt",
        "allowed",
        "outside",
        "~",
        "%2e%2e",
        "..\\..",
        "\u2024\u2024",
        "etc",
        "passwd",
        "proc",
        "self",
        "root",
        "cwd",
      ),
      fc.string({ unit: "grapheme", maxLength: 5 }),
    );
    const start = fc.constantFrom(
      "",
      "/",
      "./",
      "../",
      "//",
      `${folder}/`,
      `${folder}/../`,
      `${outside}/`,
      "~/",
      "file://",
      "/proc/self/cwd/",
      "/dev/fd/",
    );
    const anyPath = fc.tuple(start, fc.array(part, { maxLength: 8 })).map(([first, parts]) => first + parts.join("/"));
    await fc.assert(
      fc.asyncProperty(anyPath, async (path) => {
        const read = await Promise.allSettled([files.readText(path), files.list(path), files.stat(path)]);
        for (const outcome of read) {
          if (outcome.status === "rejected") expect(outcome.reason.name).toBe("FilesError");
          else expect(JSON.stringify(outcome.value)).not.toMatch(/SECRET|only-there|root:x|vmlinuz|"usr"/);
        }
        const changed = await Promise.allSettled([
          files.write(path, "inside"),
          files.createDirectory(path),
          files.append(path, "!"),
        ]);
        for (const outcome of changed)
          if (outcome.status === "rejected") expect(outcome.reason.name).toBe("FilesError");
      }),
      { numRuns: 400 },
    );
    const after = await openFiles({ roots: [outside] });
    onTestFinished(() => after.close());
    expect((await after.list(".")).map(({ name }) => name)).toEqual(["f.txt", "only-there", "secret.txt"]);
    expect((await after.readText("secret.txt")).text).toBe("SECRET");
  });
});

test.skipIf(process.platform !== "linux")(
  "what is mounted inside an allowed folder is kept out where that is asked for, of whatever device, unless it is named",
  async ({ skip }) => {
    const { folder, outside, at } = await newFiles();
    for (const name of ["tmpfs", "bound", "named"]) await mkdir(at(name));
    await writeFile(at("file"), "x");
    const mount = (...args: string[]) => execFileSync("mount", args, { stdio: "ignore" });
    try {
      mount("-t", "tmpfs", "none", at("tmpfs"));
    } catch {
      skip("mounting is not permitted here");
    }
    onTestFinished(() => {
      for (const name of ["tmpfs", "bound", "named", "file"]) execFileSync("umount", ["--lazy", at(name)]);
    });
    mount("--bind", outside, at("bound"));
    mount("--bind", outside, at("named"));
    mount("--bind", join(outside, "secret.txt"), at("file"));
    await writeFile(at("tmpfs", "f.txt"), "x");
    const strict = await openFiles({ roots: [folder], sameMount: true, mounts: [at("named")] });
    onTestFinished(() => strict.close());
    for (const name of ["tmpfs", "bound"]) {
      for (const use of [
        strict.readText(`${name}/f.txt`),
        strict.write(`${name}/f.txt`, "x"),
        strict.write(`${name}/new`, "x"),
        strict.append(`${name}/f.txt`, "x"),
        strict.remove(`${name}/f.txt`),
        strict.list(name),
        strict.copy(name, "copied"),
      ]) {
        expect((await refusal(use)).message).toMatch(/mounted inside/);
      }
    }
    expect((await refusal(strict.readText("file"))).message).toMatch(/mounted inside/);
    expect((await strict.readText("named/f.txt")).text).toBe("SECRET");
    expect(await readFile(join(outside, "f.txt"), "utf8")).toBe("SECRET");
    const standard = await openFiles({ roots: [folder] });
    onTestFinished(() => standard.close());
    expect((await standard.readText("bound/f.txt")).text).toBe("SECRET");
  },
);

test.skipIf(process.platform !== "linux")("allows no folder of the system's own", async () => {
  for (const root of ["/proc", "/proc/self", "/sys", "/dev", "/proc/self/root/proc"]) {
    expect((await refusal(openFiles({ roots: [root] }))).code).toBe("refused");
  }
  const all = await openFiles({ roots: ["/"] });
  onTestFinished(() => all.close());
  for (const path of [
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/proc/self/cwd",
    "/dev/fd/0",
    "/dev/zero",
    "/sys/kernel",
  ]) {
    expect((await refusal(all.readText(path))).code, path).toBe("refused");
  }
});

test("starts in no folder that is missing or none, and takes two names of one folder for one", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "x");
  await symlink(folder, join(folder, "again"));
  expect((await refusal(openFiles({ roots: [join(folder, "missing")] }))).code).toBe("not_found");
  expect((await refusal(openFiles({ roots: [join(folder, "file")] }))).code).toMatch(/refused|not_found/);
  expect((await refusal(openFiles({ roots: [] }))).code).toBe("invalid");
  const files = await openFiles({ roots: [folder, join(folder, "again")] });
  onTestFinished(() => files.close());
  expect(files.roots()).toEqual([folder]);
  await files.close();
  expect((await refusal(files.readText("file"))).code).toBe("closed");
});
