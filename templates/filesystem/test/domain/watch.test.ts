import { appendFile, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openFiles } from "../../src/domain/open-files.ts";
import { createWatch, type WatchOptions } from "../../src/domain/watch.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { openDescriptors, watchedFolders } from "../fixtures/watched.ts";

const linux = process.platform === "linux";

async function setting(options: WatchOptions = {}) {
  const outer = await temporaryFolder();
  const folder = join(outer, "root");
  await mkdir(folder);
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  for (const path of [a, b]) await writeFile(path, "");
  const files = await openFiles({ roots: [folder] });
  const heard: string[] = [];
  const watch = createWatch(files.safeFs, { settleMs: 50, ...options });
  const ends: (() => void)[] = [];
  const follow = (path: string) => {
    const end = watch.follow(path, () => heard.push(path));
    ends.push(end);
    return end;
  };
  onTestFinished(async () => {
    for (const end of ends) end();
    await files.close();
  });
  return { outer, folder, a, b, heard, watch, follow };
}

test("many changes in a short time are told once, and only of files that are followed", async () => {
  const { a, b, heard, watch, follow } = await setting({ settleMs: 400 });
  follow(a);
  for (let i = 0; i < 10; i += 1) await appendFile(a, "x");
  await appendFile(b, "x");
  await expect.poll(() => heard).toEqual([a]);
  watch.touch(b);
  watch.touch(a);
  await expect.poll(() => heard).toEqual([a, a]);
});

test("a file that is replaced by another, as editors save, is still followed", async () => {
  const { a, b, heard, follow } = await setting();
  follow(a);
  for (const round of [1, 2]) {
    await writeFile(b, String(round));
    await rename(b, a);
    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(round);
  }
});

test("a file is followed over a link, and one that is still to come in its folder", async () => {
  const { a, folder, heard, follow } = await setting();
  const [link, coming] = [join(folder, "link"), join(folder, "coming")];
  await symlink(a, link);
  follow(link);
  follow(coming);
  await writeFile(a, "x");
  await expect.poll(() => heard).toContain(link);
  await writeFile(coming, "");
  await expect.poll(() => heard).toContain(coming);
});

test("what is outside, or leads there, or is no file, is not followed", async () => {
  const { outer, folder, follow } = await setting();
  const secret = join(outer, "secret");
  await writeFile(secret, "");
  await symlink(secret, join(folder, "link"));
  await symlink(outer, join(folder, "door"));
  for (const path of [
    secret,
    join(outer, "coming"),
    join(folder, "link"),
    join(folder, "door", "secret"),
    "/etc/passwd",
  ])
    expect(() => follow(path), path).toThrow(expect.objectContaining({ code: "refused" }));
  expect(() => follow(folder)).toThrow(expect.objectContaining({ code: "wrong_kind" }));
  expect(() => follow(join(folder, "none", "f"))).toThrow(expect.objectContaining({ code: "not_found" }));
});

test.runIf(linux)("what is watched is the folder that was opened, not what has its name later", async () => {
  const { outer, folder, heard, follow } = await setting();
  const [inside, other] = [join(folder, "d"), join(outer, "other")];
  for (const path of [inside, other]) {
    await mkdir(path);
    await writeFile(join(path, "f"), "");
  }
  follow(join(inside, "f"));
  await rename(inside, join(folder, "moved"));
  await symlink(other, inside);
  heard.length = 0;
  await appendFile(join(other, "f"), "x");
  await sleep(150);
  expect(heard).toEqual([]);
  await appendFile(join(folder, "moved", "f"), "x");
  await expect.poll(() => heard).toHaveLength(1);
});

test("only so many are followed at once: one more is refused, until one ends", async () => {
  const { a, b, heard, follow } = await setting({ most: 1 });
  const end = follow(a);
  expect(() => follow(b)).toThrow(
    expect.objectContaining({ code: "quota", message: expect.stringMatching(/Unsubscribe/) }),
  );
  end();
  end();
  follow(b);
  await appendFile(a, "x");
  await appendFile(b, "x");
  await expect.poll(() => heard).toEqual([b]);
  expect(() => follow(a)).toThrow(/1 files/);
});

test.runIf(linux)(
  "files of one folder share a watcher, which goes with the last of them, and no descriptor stays",
  async () => {
    const { folder, a, b, heard, follow } = await setting();
    await mkdir(join(folder, "d"));
    const before = watchedFolders();
    follow(a)();
    const descriptors = openDescriptors();
    const ends = [a, a, b, join(folder, "d", "f")].map(follow);
    expect(watchedFolders()).toBe(before + 2);
    for (const end of ends.slice(0, 2)) end();
    expect(watchedFolders()).toBe(before + 2);
    for (const end of ends.slice(2)) end();
    expect(watchedFolders()).toBe(before);
    expect(openDescriptors()).toBe(descriptors);
    await appendFile(a, "x");
    await sleep(150);
    expect(heard).toEqual([]);
  },
);
