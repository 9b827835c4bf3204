import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openFiles } from "../../src/domain/open-files.ts";
import { startChild } from "../fixtures/child.ts";
import { newFiles, refusal } from "../fixtures/files.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const kills = process.env.OFFSHOOT_LONG === "1" ? 60 : 8;

test("after a kill a file is the old one or the new one, and nothing is left over after the next start", async () => {
  const [folder, state] = [await temporaryFolder(), await temporaryFolder()];
  await mkdir(join(folder, "d"));
  let leftovers = 0;
  // On until one has left something behind: where each lands is chance.
  for (let kill = 0; kill < kills || (leftovers === 0 && kill < 40); kill++) {
    const writer = startChild("overwriter.ts", [folder, state]);
    await writer.started;
    await pause(20 + Math.random() * 150);
    await writer.kill();
    const content = await readFile(join(folder, "d", "big"), "latin1");
    const acknowledged = writer.lines().at(-1) ?? "";
    expect(content.length).toBe(5_000_000);
    expect(content).toBe((content[0] ?? "").repeat(5_000_000));
    // The change after the last one acknowledged may have come about, no other.
    const next = acknowledged === "z" ? "a" : String.fromCharCode(acknowledged.charCodeAt(0) + 1);
    expect([acknowledged, next]).toContain(content[0]);
    leftovers += (await readdir(join(folder, "d"))).length - 1;
  }
  // Without any the sweep had nothing to do.
  expect(leftovers).toBeGreaterThan(0);
  const files = await openFiles({ roots: [folder], state });
  onTestFinished(() => files.close());
  expect(await readdir(join(folder, "d"))).toEqual(["big"]);
  const now = await readFile(join(folder, "d", "big"), "latin1");
  await files.undo();
  expect(await readFile(join(folder, "d", "big"), "latin1")).not.toBe(now);
});

test.skipIf(process.platform !== "linux")("a full disk changes nothing, and says so", async ({ skip }) => {
  const folder = await temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", folder], { stdio: "ignore" });
  } catch {
    skip("mounting is not permitted here");
  }
  onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
  const files = await openFiles({ roots: [folder] });
  const old = "o".repeat(1_200_000);
  await files.write("f", old);
  for (const use of [
    files.write("f", "n".repeat(1_500_000)),
    files.edit("f", [{ oldText: old, newText: "n".repeat(1_400_000) }]),
    files.append("f", "n".repeat(1_500_000)),
    files.write("g", "n".repeat(1_500_000)),
    files.copy("f", "g"),
  ]) {
    const error = await refusal(use);
    expect(error.code).toBe("storage");
    expect(error.message).toMatch(/disk is full/);
  }
  expect((await readFile(join(folder, "f"), "latin1")) === old).toBe(true);
  expect((await readdir(folder)).sort()).toEqual([expect.stringMatching(/^\.offshoot-/), "f"]);
  // To the last byte: not even the journal finds room.
  await writeFile(join(folder, "rest"), Buffer.alloc(2_000_000)).catch(() => {});
  expect((await refusal(files.write("f", "small"))).code).toBe("storage");
  expect((await readFile(join(folder, "f"), "latin1")) === old).toBe(true);
  await files.close();
});

test("a read-only file is not replaced, not even by root", async () => {
  const { files, at } = await newFiles();
  await writeFile(at("f"), "keep", { mode: 0o444 });
  await files.write("g", "g");
  for (const use of [
    files.write("f", "x"),
    files.append("f", "x"),
    files.edit("f", [{ oldText: "keep", newText: "x" }]),
    files.move("g", "f", { overwrite: true }),
    files.copy("g", "f", { overwrite: true }),
  ]) {
    const error = await refusal(use);
    expect(error.code).toBe("permission");
    expect(error.message).toMatch(/read-only/);
  }
  expect((await files.readText("f")).text).toBe("keep");
});

test.skipIf(process.platform === "win32")("says what the system does not permit", async ({ skip }) => {
  const folder = await temporaryFolder();
  await chmod(folder, 0o755);
  const root = process.getuid?.() === 0;
  for (const name of ["closed", "open"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "closed", "f"), "keep");
  await writeFile(join(folder, "open", "read-only"), "keep");
  await writeFile(join(folder, "open", "hidden"), "keep");
  if (root)
    for (const name of ["open", "open/read-only", "open/hidden", "closed", "closed/f"])
      await chown(join(folder, name), 65534, 65534);
  await chmod(join(folder, "closed"), 0o555);
  await chmod(join(folder, "open", "read-only"), 0o444);
  await chmod(join(folder, "open", "hidden"), 0o000);
  const changes = [
    ["write", "closed/f", "x"],
    ["write", "closed/new", "x"],
    ["createDirectory", "closed/new"],
    ["remove", "closed/f"],
    ["append", "open/read-only", "x"],
    ["write", "open/read-only", "x"],
    ["readText", "open/hidden"],
    ["write", "open/new", "x"],
    ["write", "open/new", "y"],
  ];
  const nobody = root ? { uid: 65534, gid: 65534 } : {};
  const writer = startChild("writer.ts", [folder, JSON.stringify(changes)], { cwd: "/", ...nobody });
  const status = await writer.exited.catch(() => 1);
  if (root && status !== 0) skip(`the user nobody cannot run this Node: ${writer.stderr().slice(0, 200)}`);
  const lines = writer.lines();
  expect(lines.slice(0, 7).map((line) => line.split(" ")[1])).toEqual(Array(7).fill("permission"));
  // The allowed folder itself takes no trash from this user: the change is made all the same.
  expect(lines.slice(7)).toEqual(["write done", "write done"]);
  for (const line of lines) expect(line).not.toContain(folder);
  expect(await readdir(join(folder, "closed"))).toEqual(["f"]);
  await chmod(join(folder, "closed"), 0o755);
});

test("a file of 400 MB costs less than 32 MiB", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "warm"), "warm\n");
  const line = Buffer.alloc(100, "x").fill("\n", 99);
  const block = Buffer.concat(Array.from({ length: 40_000 }, () => line));
  for (let part = 0; part < 100; part++) await writeFile(join(folder, "big"), block, { flag: "a" });
  expect((await stat(join(folder, "big"))).size).toBe(400_000_000);
  const reader = startChild("reader.ts", [folder, "big"]);
  expect(await reader.exited).toBe(0);
  const grown = Number(reader.lines()[0]);
  if (process.env.OFFSHOOT_LONG) console.info(JSON.stringify({ drill: "400 MB", grownMiB: grown / 2 ** 20 }));
  expect(grown).toBeGreaterThan(0);
  expect(grown).toBeLessThan(32 * 2 ** 20);
});
