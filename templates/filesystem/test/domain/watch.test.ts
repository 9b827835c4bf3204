import { appendFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createWatch, type WatchOptions } from "../../src/domain/watch.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

async function setting(options: WatchOptions = {}) {
  const folder = await temporaryFolder();
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  for (const path of [a, b]) await writeFile(path, "");
  const heard: string[] = [];
  const watch = createWatch((path) => heard.push(path), { settleMs: 50, ...options });
  onTestFinished(() => watch.close());
  return { a, b, heard, watch };
}

test("many changes in a short time are told once, and only of files that are followed", async () => {
  const { a, b, heard, watch } = await setting({ settleMs: 400 });
  watch.follow(a);
  for (let i = 0; i < 10; i += 1) await appendFile(a, "x");
  await appendFile(b, "x");
  await expect.poll(() => heard).toEqual([a]);
  watch.touch(b);
  await expect.poll(() => heard).toEqual([a, b]);
});

test("a file that is replaced by another, as editors save, is still followed", async () => {
  const { a, b, heard, watch } = await setting();
  watch.follow(a);
  for (const round of [1, 2]) {
    await writeFile(b, String(round));
    await rename(b, a);
    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(round);
  }
});

test("only so many are followed, and after the end none", async () => {
  const { a, b, heard, watch } = await setting({ most: 1 });
  watch.follow(a);
  watch.follow(b);
  await appendFile(a, "x");
  await appendFile(b, "x");
  await expect.poll(() => heard).toEqual([b]);
  watch.close();
  await appendFile(b, "x");
  await sleep(150);
  expect(heard).toEqual([b]);
});
