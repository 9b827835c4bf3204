import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Refusal } from "../../src/terminal.ts";
import { updateProject } from "../../src/update/update.ts";
import { archive, blocks, END, paxBlock, rawBlock, zipped } from "./archive.ts";
import { type Container, container, release } from "./container.ts";

let world: Container;
beforeEach(() => {
  world = container();
  vi.stubEnv("HOME", join(world.root, "home"));
  vi.stubEnv("XDG_STATE_HOME", join(world.root, "state"));
  return () => vi.unstubAllEnvs();
});

const update = (from: string, base = world.write("archives/base.tgz", archive(release("0.1.0")))) =>
  updateProject({ folder: world.project, gates: false, install: false, from, base }).catch((error) => error);

/** The next release, whole, with something odd behind it. */
const next = release("0.2.0").flatMap(blocks);
const odd = (...parts: Buffer[]): Buffer => zipped(...next, ...parts);
const file = (name: string): Buffer => rawBlock(name, "0", "x");

/** What tar formats allow beyond names: headers that speak of others, and sizes that are not true. */
const refused: Record<string, () => Buffer> = {
  "a pax header that renames the file after it": () => odd(paxBlock({ path: "../../evil" }), file("package/ok")),
  "a pax header that makes a link lead elsewhere": () =>
    odd(paxBlock({ linkpath: "../../outside" }), rawBlock("package/l", "2", "", { target: "ok" })),
  "a name that ends early in one reader and not in another": () =>
    odd(paxBlock({ path: "package/a\0/../../b" }), file("package/ok")),
  "a GNU long name": () => odd(rawBlock("././@LongLink", "L", "../../evil\0"), file("package/ok")),
  "a GNU long link": () => odd(rawBlock("././@LongLink", "K", "../../x\0"), rawBlock("package/l", "2")),
  "a GNU sparse file": () => odd(rawBlock("package/s", "S", "x")),
  "a pax sparse file of a terabyte": () =>
    odd(
      paxBlock({ "GNU.sparse.major": "1", "GNU.sparse.name": "../../evil", "GNU.sparse.realsize": "1099511627776" }),
      file("package/ok"),
    ),
  "a type that nobody knows": () => odd(rawBlock("package/z", "Z", "x")),
  "a part of another archive": () => odd(rawBlock("package/m", "M", "x")),
  "a link after a folder of its name": () =>
    odd(rawBlock("package/d/", "5"), rawBlock("package/d", "2", "", { target: "/tmp" }), file("package/d/x")),
  "a hard link after a file of its name": () =>
    odd(file("package/h"), rawBlock("package/h", "1", "", { target: "/etc/hostname" })),
  "a size beyond the end": () => odd(rawBlock("package/a", "0", "x", { size: 0o7777777777 })),
  "a header whose sum is wrong": () => odd(file("package/a").fill(0x41, 0, 3)),
  "ten thousand folders in one another": () => odd(paxBlock({ path: `package/${"d/".repeat(10_000)}x` }), file("x")),
  "six thousand files": () => odd(...Array.from({ length: 6_000 }, (_, index) => rawBlock(`package/f${index}`, "0"))),
  "six thousand folders": () =>
    odd(...Array.from({ length: 6_000 }, (_, index) => rawBlock(`package/f${index}/`, "5"))),
  "a file of 66 MiB in 66 kB": () => odd(rawBlock("package/z", "0", "\0".repeat(66 * 2 ** 20))),
  "66 MiB behind its end": () => gzipSync(Buffer.concat([...next, END, Buffer.alloc(66 * 2 ** 20)])),
  "66 MiB in a header": () => odd(paxBlock({ comment: "y".repeat(66 * 2 ** 20) }), file("package/ok")),
  "something behind the compressed part": () => Buffer.concat([odd(), Buffer.from("garbage")]),
  "another file in a second compressed part": () =>
    Buffer.concat([gzipSync(Buffer.concat(next)), zipped(file("package/../../b"))]),
  "an archive compressed twice": () => gzipSync(odd()),
  "half an archive": () => odd().subarray(0, 200),
  "an archive that ends before its end": () => gzipSync(Buffer.concat(next)),
  "an archive that ends within a header": () => gzipSync(Buffer.concat(next).subarray(0, -700)),
  "an archive that ends between a header and its file": () => gzipSync(Buffer.concat(next).subarray(0, -512)),
};

describe("an archive that tar's formats allow, and no template is", () => {
  test.each(Object.entries(refused))("%s is refused, and nothing changes", async (_, make) => {
    const before = world.outside();
    const outcome = await update(world.write("archives/evil.tgz", make()));
    expect(outcome).toBeInstanceOf(Refusal);
    expect(outcome.message.length).toBeLessThan(500);
    expect(world.outside()).toEqual(before);
    expect(execFileSync("git", ["status", "--porcelain"], { cwd: world.project, encoding: "utf8" })).toBe("");
  });

  test("the owner's other bits are not taken: no file becomes setuid", async () => {
    const entries = [...release("0.2.0"), { path: "package/run.sh", content: "x", mode: 0o6755 }];
    const from = world.write("archives/next.tgz", archive(entries));
    expect(await update(from)).toMatchObject({ status: "clean" });
    expect(execFileSync("stat", ["-c", "%a", join(world.project, "run.sh")], { encoding: "utf8" })).toBe("755\n");
  });

  test("a release in one compressed part or in two is the same", async () => {
    const [first, ...rest] = next as [Buffer, ...Buffer[]];
    const from = world.write("archives/next.tgz", Buffer.concat([gzipSync(first), zipped(...rest)]));
    expect(await update(from)).toMatchObject({ status: "clean", to: "0.2.0" });
  });

  test.each([
    ["a pipe", () => execFileSync("mkfifo", [join(world.root, "archives/p")])],
    ["a folder that is none", () => mkdirSync(join(world.root, "archives/p"))],
    ["nothing", () => {}],
  ])("%s in the place of one is refused at once", async (_, make) => {
    mkdirSync(join(world.root, "archives"), { recursive: true });
    make();
    expect(await update(join(world.root, "archives/p"))).toBeInstanceOf(Refusal);
  });
});

describe("what a release would have run by itself", () => {
  const brings = (manifest: object, files: { path: string; content: string }[] = []) => {
    const scripts = { test: "true", postinstall: "touch ../../victim", pretest: "touch ../../victim" };
    const data = { name: "@offshoot/notes", version: "0.2.0", bin: { notes: "dist/main.js" }, scripts, ...manifest };
    const [, ...rest] = release("0.2.0");
    const entries = [{ path: "package/package.json", content: JSON.stringify(data) }, ...rest, ...files];
    return world.write("archives/next.tgz", archive(entries));
  };

  test("is named, and neither installed nor tested", async () => {
    mkdirSync(join(world.project, "node_modules"), { recursive: true });
    const from = brings({ dependencies: { a: "git+https://example.org/a.git", b: "^1.0.0" } }, [
      { path: "package/.npmrc", content: "registry=https://example.org/" },
    ]);
    const before = world.outside();
    const outcome = await updateProject({
      folder: world.project,
      from,
      base: world.write("archives/base.tgz", archive(release("0.1.0"))),
    });
    expect(outcome).toMatchObject({ status: "clean", installs: true, gates: [] });
    expect(outcome.unasked).toEqual([
      "the script postinstall: touch ../../victim",
      "the script pretest: touch ../../victim",
      "a from git+https://example.org/a.git",
      "the settings in .npmrc",
    ]);
    // npm, which ran the gates before, leaves a log of its own.
    const after = Object.entries(world.outside()).filter(([path]) => !path.startsWith("home/.npm/"));
    expect(Object.fromEntries(after)).toEqual(before);
  });

  test("is not named again when it was there before", async () => {
    const from = brings({});
    const manifest = JSON.stringify({
      name: "@offshoot/notes",
      version: "0.1.0",
      scripts: { test: "true", postinstall: "touch ../../victim", pretest: "touch ../../victim" },
    });
    writeFileSync(join(world.project, "package.json"), manifest);
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "x"], { cwd: world.project });
    expect(await update(from)).toMatchObject({ unasked: [] });
  });
});
