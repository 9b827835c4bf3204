/** What the user keeps from the model: denied names, folders for reading only, and a server that changes nothing. */
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openOptions } from "../../src/config.ts";
import { createDeny, usuallyAllowed, usuallyDenied } from "../../src/domain/deny.ts";
import { openFiles } from "../../src/domain/open-files.ts";
import { searchContent } from "../../src/domain/search/content.ts";
import { findDuplicates } from "../../src/domain/search/duplicates.ts";
import { searchFiles } from "../../src/domain/search/names.ts";
import { directoryTree } from "../../src/domain/search/tree.ts";
import { newFiles, refusal, ways } from "../fixtures/files.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

describe.each(ways)("denied, $way", ({ descriptorPaths }) => {
  async function project(deny = usuallyDenied, allow = usuallyAllowed) {
    const ground = await newFiles({ descriptorPaths, isDenied: createDeny(deny, allow) });
    const { at } = ground;
    await mkdir(at("d", ".git", "hooks"), { recursive: true });
    await mkdir(at(".ssh"));
    for (const name of ["d/.env", ".env.local", ".ENV", "d/.git/config", ".ssh/known", "server.PEM", "d/id_rsa"])
      await writeFile(at(name), "SECRET");
    for (const name of ["d/a.txt", ".env.example", "d/.gitignore"]) await writeFile(at(name), "open");
    await symlink("d/.env", at("innocent.txt"));
    await symlink("d/.git", at("also"));
    return ground;
  }
  const denied = ["d/.env", ".env.local", ".ENV", "d/.git", "d/.git/config", ".ssh/known", "server.PEM", "d/id_rsa"];
  const byLink = ["innocent.txt", "also/config"];

  test("is neither read nor changed nor moved, by whatever name", async () => {
    const { files, at } = await project();
    for (const path of [...denied, ...byLink]) {
      const uses: Promise<unknown>[] = [
        files.readText(path),
        files.readBytes(path),
        files.readLines(path, { offset: 1, limit: 1 }),
        files.write(path, "x"),
        files.append(path, "x"),
        files.copy(path, "copied"),
        files.list(path),
      ];
      if (!byLink.includes(path)) uses.push(files.move(path, "moved"), files.remove(path), files.stat(path));
      for (const use of uses) expect((await refusal(use)).message).toMatch(/kept from you.*--deny/);
    }
    for (const path of ["made/.git/hooks", "made/of/.env/x"])
      expect((await refusal(files.createDirectory(path))).message).toMatch(/kept from you/);
    for (const path of ["d/.git/hooks/pre-commit", "new/.env", "x.key"]) {
      await files.createDirectory("new");
      expect((await refusal(files.write(path, "x"))).message).toMatch(/kept from you/);
      expect((await refusal(files.move("d/a.txt", path))).message).toMatch(/kept from you/);
      expect((await refusal(files.createDirectory(path))).message).toMatch(/kept from you/);
    }
    expect((await files.readText(".env.example")).text).toBe("open");
    expect(await readFile(at("d", ".git", "config"), "utf8")).toBe("SECRET");
    expect(await readdir(at("d", ".git", "hooks"))).toEqual([]);
  });

  test("is in no search, tree or copy, though a listing shows that it is there", async () => {
    const { files, at } = await project();
    const { safeFs } = files;
    const found = await searchContent(safeFs, ".", "SECRET|open");
    expect(found.files.map(({ path }) => path)).toEqual([".env.example", "d/.gitignore", "d/a.txt"]);
    expect(found.skipped.unreadable + found.closed.unreadable).toBe(0);
    expect((await searchFiles(safeFs, ".", "**/*{env,git,rsa}*")).paths).toEqual([".env.example", "d/.gitignore"]);
    expect(JSON.stringify((await directoryTree(safeFs, ".")).tree)).not.toMatch(/hooks|known|"\.env"|id_rsa/);
    expect((await findDuplicates(safeFs, ".")).groups).toMatchObject([{ size: 4 }]);
    expect(await files.copy("d", "d2")).toEqual({ files: 2, bytes: 8, skipped: 3 });
    expect((await readdir(at("d2"))).sort()).toEqual([".gitignore", "a.txt"]);
    expect((await files.list(".")).map(({ name }) => name)).toContain(".env.local");
    // A folder goes with all it holds, and its secrets stay denied where they come to.
    await files.move("d", "elsewhere");
    expect((await refusal(files.readText("elsewhere/.env"))).message).toMatch(/kept from you/);
  });

  test("does not come out with a folder that is moved off the path that a pattern names", async () => {
    const { files } = await project(["d/.ssh/*", "**/keep/*", ".env"], ["open/**"]);
    for (const path of ["d/.ssh", "e/keep", "f"]) await files.createDirectory(path);
    for (const [from, to] of [
      ["d", "elsewhere"],
      ["d/.ssh", "ssh"],
      ["e/keep", "e/kept"],
      ["f", "open"],
    ] as const)
      expect((await refusal(files.move(from, to))).message).toMatch(/on the way of a path.*--deny/);
    await files.move("f", "g");
    await files.move("e/keep", "g/keep");
    await files.move("e", "d/e");
    await files.move("d/a.txt", "open");
  });

  test("is what the user says: more by --deny, less by --allow", async () => {
    const { files } = await project([...usuallyDenied, "d/*.txt"], [...usuallyAllowed, "d/.git", "*.pem"]);
    expect((await files.readText("d/.git/config")).text).toBe("SECRET");
    expect((await files.readText("server.PEM")).text).toBe("SECRET");
    expect((await refusal(files.readText("d/a.txt"))).message).toMatch(/kept from you/);
    const { files: all } = await project(usuallyDenied, ["**"]);
    for (const path of ["d/.env", "d/.git/config", ".ssh/known"])
      expect((await all.readText(path)).text).toBe("SECRET");
  });
});

test("a folder that is for reading only is not changed, by no name and no way", async () => {
  const { files, folder, outside, state, at } = await newFiles();
  await files.write("f", "f");
  await files.close();
  await mkdir(at("inner"));
  await writeFile(at("inner", "g"), "g");
  await symlink(outside, at("link"));
  const options = { roots: [folder, outside, at("inner")], readOnlyRoots: [outside, at("inner")] };
  const mixed = await openFiles({ ...options, state });
  onTestFinished(() => mixed.close());
  expect(mixed.roots()).toEqual([folder, outside, at("inner")]);
  for (const path of [join(outside, "f.txt"), "link/f.txt", "inner/g", at("inner", "g")]) {
    for (const use of [
      mixed.write(path, "x"),
      mixed.append(path, "x"),
      mixed.edit(path, [{ oldText: "e", newText: "x" }]),
      mixed.remove(path),
      mixed.move(path, "x"),
      mixed.move("f", path, { overwrite: true }),
      mixed.copy("f", path, { overwrite: true }),
      mixed.createDirectory(`${path}-new`),
    ]) {
      expect((await refusal(use)).code).toBe("permission");
    }
    await mixed.readText(path);
  }
  await mixed.write("f", "changed");
  await mixed.copy(join(outside, "f.txt"), "copied");
  expect((await readdir(outside)).sort()).toEqual(["f.txt", "secret.txt"]);
});

test("a read-only server writes nothing, not even away what others have left", async () => {
  const { files, folder, state } = await newFiles();
  await files.write("a", "a");
  await files.write("a", "b");
  await files.remove("a");
  await files.close();
  const copy = await temporaryFolder();
  const before = async () => {
    await cp(folder, join(copy, String(Math.random())), { recursive: true });
    const names = [...(await readdir(folder, { recursive: true })), ...(await readdir(state, { recursive: true }))];
    const facts = await Promise.all(
      names.sort().map(async (name) => {
        const found = await stat(join(folder, name)).catch(() => stat(join(state, name)));
        return [name, found.ino, found.mtimeMs, found.size];
      }),
    );
    return JSON.stringify(facts);
  };
  const was = await before();
  const reading = await openFiles({ roots: [folder], state, readOnly: true, keepMs: -1 });
  expect(await reading.list(".")).toEqual([]);
  expect((await refusal(reading.write("x", "x"))).code).toBe("permission");
  expect((await refusal(reading.undo())).code).toBe("not_found");
  await reading.close();
  expect(await before()).toBe(was);
  const again = await openFiles({ roots: [folder], state });
  onTestFinished(() => again.close());
  expect(await again.undo()).toMatchObject({ action: "remove", path: "a" });
});

test("a missing folder is a warning as long as another one is there", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warned.mockRestore());
  const folder = await temporaryFolder();
  const files = await openFiles({ roots: [join(folder, "missing"), folder] });
  onTestFinished(() => files.close());
  expect(files.roots()).toEqual([folder]);
  expect(warned.mock.calls).toEqual([[expect.stringMatching(/missing.*other folders/)]]);
  expect((await refusal(openFiles({ roots: [join(folder, "missing")] }))).code).toBe("not_found");
});

test("work that is narrowed to folders reaches only what is allowed and in one of them", async () => {
  const { files, folder, outside, at } = await newFiles();
  await files.createDirectory("in/deep");
  await files.createDirectory("out");
  for (const path of ["in/f", "in/deep/g", "out/h"]) await files.write(path, "x");
  await symlink("out", at("in", "way-out"));
  await symlink("in", at("way-in"));
  const within = <Result>(work: () => Result) => files.narrowed([at("way-in"), outside], work);
  expect(within(() => files.roots())).toEqual([at("in")]);
  expect(files.narrowed([join(folder, "..")], () => files.roots())).toEqual([folder]);
  for (const path of ["out/h", "in/way-out/h", ".", at("out"), join(outside, "f.txt")]) {
    for (const use of [
      within(() => files.readText(path)),
      within(() => files.write(path, "y")),
      within(() => files.list(path)),
      within(() => files.move("in/f", `${path}/moved`)),
    ]) {
      expect((await refusal(use)).code).toBe("refused");
    }
  }
  await within(async () => {
    await files.write("in/f", "y");
    await files.write("way-in/new", "y");
    await files.remove("in/deep");
    expect((await files.list("in")).map(({ name }) => name)).toEqual(["f", "new", "way-out"]);
    await files.undo();
    expect((await searchFiles(files.safeFs, "in", "**/g")).paths).toEqual(["deep/g"]);
    await files.undo();
    await files.undo();
    // What was changed elsewhere stays to be taken back by those who may.
    const { path, passedOver } = await files.undo();
    expect([path, passedOver.map((change) => change.path)]).toEqual(["in/deep/g", ["out/h"]]);
  });
  expect((await files.undo()).path).toBe("out/h");
  expect(files.narrowed([], () => files.roots())).toEqual([folder]);
});

test("the journal cannot be reached as a file, whatever folder it lies in, nor be moved away", async () => {
  const home = await temporaryFolder();
  const state = join(home, ".local", "state", "offshoot");
  const files = await openFiles({ roots: [home], state });
  onTestFinished(() => files.close());
  // Nor can it be forged before it is there.
  await files.createDirectory(".local");
  expect((await refusal(files.createDirectory(".local/state/offshoot"))).code).toBe("refused");
  await files.write("f", "f");
  for (const path of [state, ".local/state/offshoot/journal.db"]) {
    for (const use of [files.readText(path), files.write(path, "x"), files.list(path), files.remove(path)])
      expect((await refusal(use)).code).toBe("refused");
  }
  expect((await searchFiles(files.safeFs, ".", "**/*.db")).paths).toEqual([]);
  for (const use of [files.remove(".local"), files.move(".local/state", "x"), files.copy(state, "copied")])
    expect((await refusal(use)).code).toBe("refused");
  await files.undo();
});

test("a folder may be written with :ro, and names may be listed with commas", () => {
  const { roots, readOnlyRoots, isDenied } = openOptions({
    roots: ["/a", "/b:ro", "~/c:ro"],
    deny: ["x"],
    allow: [],
    mounts: [],
    keepDays: 7,
    keepBytes: 1,
  });
  expect(roots.slice(0, 2)).toEqual(["/a", "/b"]);
  expect(readOnlyRoots).toEqual(roots.slice(1));
  const environment = { roots: ["/a", "ro", "/b"], deny: [], allow: [], mounts: [], keepDays: 7, keepBytes: 1 };
  expect(openOptions(environment)).toMatchObject({ roots: ["/a", "/b"], readOnlyRoots: ["/a"] });
  expect([isDenied?.(["x"]), isDenied?.(["a", ".git", "config"]), isDenied?.(["a"])]).toEqual([true, true, false]);
});
