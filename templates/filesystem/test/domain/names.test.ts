import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { openFiles } from "../../src/domain/open-files.ts";
import { newFiles, refusal } from "../fixtures/files.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const misleading = {
  "a line end": "a\n[DIR] forged",
  "an escape": "a\u001b[2Jb",
  "the other direction": "a\u202egpj.exe",
  "no width": "a\u200bb",
  "a soft hyphen": "a\u00adb",
  "a filler": "a\u3164",
  "a tag": "a\u{e0041}",
  "a line separator": "a\u2028b",
  "a byte order mark": "\ufeffa",
  "a joiner between letters": "a\u200db",
};

test.each(Object.entries(misleading))(
  "a name with %s is not made, and is shown escaped where it is",
  async (_, name) => {
    const { files, at } = await newFiles();
    await writeFile(at("f"), "f");
    await mkdir(at("d"));
    for (const use of [
      files.write(name, "x"),
      files.append(name, "x"),
      files.createDirectory(name),
      files.createDirectory(`new/${name}/inner`),
      files.move("f", name),
      files.move("f", `d/${name}`),
      files.copy("f", name),
      files.copy("d", name),
    ]) {
      const { code, message } = await refusal(use);
      expect([code, message]).toEqual(["invalid", expect.stringMatching(/cannot be seen \(U\+[0-9A-F]{4,5}\)/)]);
      expect(message).not.toContain(name);
    }
    expect((await readdir(at())).filter((one) => !one.startsWith(".offshoot")).sort()).toEqual(["d", "f"]);
    // One that is there already can be worked with, so that it gets another name.
    await writeFile(at(name), "there");
    expect((await files.readText(name)).text).toBe("there");
    await files.edit(name, [{ oldText: "there", newText: "here" }]);
    await files.move(name, "plain");
    expect(await readFile(at("plain"), "utf8")).toBe("here");
  },
);

test("names of every script, with the signs they need, are made", async () => {
  const { files } = await newFiles();
  for (const name of ["می‌خواهم", "👩‍👩‍👧.txt", "❤️.md", "हिन्दी", "ไทย", "한국어", "a b", "résumé.pdf", "🏳️‍🌈"])
    await files.write(name, "x");
  expect(await files.list(".")).toHaveLength(9);
});

test("what looks the same, or differs in case, is named for every part of a path", async () => {
  const { files, at } = await newFiles();
  await mkdir(at("Cafe\u0301", "Screen shots"), { recursive: true });
  await writeFile(at("Cafe\u0301", "Screen shots", "at 9.41\u202fPM.png"), "");
  for (const [path, hint] of [
    ["Caf\u00e9/Screen shots/x", /There is "Cafe\u0301", which looks like "Caf\u00e9".*NFD/],
    ["Cafe\u0301/screen shots/x", /There is "Screen shots", which differs in case/],
    ["Cafe\u0301/Screen\u00a0shots/x", /There is "Screen shots", which looks like/],
    ["Cafe\u0301/Screen shots/at 9.41 PM.png", /There is "at 9.41\u202fPM.png", which looks like.*U\+202F/],
  ] as const) {
    expect((await refusal(files.readText(path))).message).toMatch(hint);
  }
});

test("a new file that would look like another one is refused where that is asked for, and can be made all the same", async () => {
  const { files } = await newFiles();
  await files.write("caf\u00e9.txt", "1");
  const strict = { lookAlike: false };
  for (const use of [files.write("cafe\u0301.txt", "2", strict), files.append("cafe\u0301.txt", "2", strict)])
    expect(await refusal(use)).toMatchObject({ code: "exists", message: expect.stringMatching(/looks the same/) });
  await files.write("caf\u00e9.txt", "3", strict);
  await files.write("cafe\u0301.txt", "2");
  expect(await files.list(".")).toHaveLength(2);
});

test.skipIf(process.platform !== "linux")(
  "a name that is not UTF-8 is listed escaped, and can be read, copied, moved and deleted",
  async () => {
    const { files, folder, at } = await newFiles();
    const raw = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
    await writeFile(raw("caf\xe9.txt"), "latin");
    await writeFile(raw("caf\xe8.txt"), "other");
    await mkdir(raw("d\xff"));
    await writeFile(at("caf\ufffd.txt"), "a real U+FFFD");
    const names = async () =>
      (await files.list(".", { facts: true })).map(({ name, type, facts }) => [name, type, facts?.size]);
    expect(await names()).toEqual([
      ["caf\\xE8.txt", "file", 5],
      ["caf\\xE9.txt", "file", 5],
      ["caf\ufffd.txt", "file", 13],
      ["d\\xFF", "directory", expect.any(Number)],
    ]);
    await writeFile(Buffer.concat([raw("d\xff"), Buffer.from("/in.txt")]), "inside");
    expect((await files.readText("caf\\xE9.txt")).text).toBe("latin");
    expect((await files.readText("d\\xFF/in.txt")).text).toBe("inside");
    expect((await files.list("d\\xFF")).map(({ name }) => name)).toEqual(["in.txt"]);
    await files.copy("caf\\xE9.txt", "copied.txt");
    expect((await files.readText("copied.txt")).text).toBe("latin");
    await files.undo();
    await expect(files.readText("caf\\xEA.txt")).rejects.toThrow("There is no");
    await files.move("caf\\xE9.txt", "caf\u00e9.txt");
    expect((await files.readText("caf\u00e9.txt")).text).toBe("latin");
    await files.move("d\\xFF", "d");
    await files.remove("caf\\xE8.txt");
    expect((await names()).map(([name]) => name)).toEqual(["café.txt", "caf\ufffd.txt", "d"]);
    await files.undo();
    expect(await readFile(raw("caf\xe8.txt"), "utf8")).toBe("other");
    await files.undo();
    await files.undo();
    expect(await readFile(raw("caf\xe9.txt"), "utf8")).toBe("latin");
  },
);

test("any link can be deleted, wherever it leads, and comes back as it was", async () => {
  const { files, outside, at } = await newFiles();
  await symlink(outside, at("out"));
  await symlink("nowhere", at("dangling"));
  await symlink("loop", at("loop"));
  for (const name of ["out", "dangling", "loop"]) {
    expect(await files.stat(name, { follow: false })).toMatchObject({ type: "link", link: true });
    expect(await files.remove(name)).toEqual({ type: "link" });
  }
  for (let turn = 0; turn < 3; turn++) await files.undo();
  expect((await files.list(".")).map(({ name }) => name)).toEqual(["dangling", "loop", "out"]);
});

test.skipIf(process.platform !== "linux")(
  "a disk without room for another folder says so, and keeps no half of one",
  async ({ skip }) => {
    const folder = await temporaryFolder();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=8", "none", folder], { stdio: "ignore" });
    } catch {
      skip("mounting is not permitted here");
    }
    onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
    const files = await openFiles({ roots: [folder] });
    onTestFinished(() => files.close());
    const error = await refusal(files.createDirectory("a/b/c/d/e/f/g/h/i/j/k"));
    expect([error.code, error.message]).toEqual(["storage", expect.stringMatching(/disk is full/)]);
    expect(await readdir(folder)).toEqual([]);
    await files.createDirectory("a/b");
  },
);
