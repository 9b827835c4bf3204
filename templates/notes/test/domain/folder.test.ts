import { spawnSync } from "node:child_process";
import { renameSync, symlinkSync } from "node:fs";
import { link, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { basenameOf } from "../../src/domain/file-name.ts";
import { openNotes } from "../../src/domain/notes.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { notesOn, stores } from "../fixtures/stores.ts";

async function withExchange(store: (typeof stores)[number]) {
  const folder = await temporaryFolder();
  const exchange = join(folder, "exchange");
  await mkdir(exchange);
  return { folder, exchange, notes: await notesOn(store, { exchange }) };
}

describe.each(stores)("import and export on the $name store", (store) => {
  test("notes exported and imported elsewhere are the same notes", async () => {
    const { exchange, notes } = await withExchange(store);
    const bodies = ["", "a\0b\r\n", "\ufeff---\ntitle: no\n---\n", "caf\u00e9 cafe\u0301 👩‍👩‍👧"];
    for (const [index, body] of bodies.entries())
      await notes.create({ title: `N: "${index}" #`, body, tags: ["a b", "ü"] });
    await notes.create({ title: "gone", body: "" });
    await notes.remove("n5");
    expect(await notes.exportFolder("out")).toBe(4);
    expect(await readdir(exchange)).toEqual(["out"]);

    const other = await notesOn(store, { exchange });
    const seen: number[][] = [];
    const progress = (done: number, total: number) => seen.push([done, total]);
    expect(await other.importFolder("out", { progress })).toEqual({
      created: 4,
      updated: 0,
      unchanged: 0,
      refused: [],
      notUnderstood: [],
      attachments: { created: 0, updated: 0, unchanged: 0 },
    });
    expect(seen).toEqual([[4, 4]]);
    for (const id of ["n1", "n2", "n3", "n4"]) {
      const { updated_at: _, ...before } = await notes.get(id);
      expect(await other.get(id)).toMatchObject(before);
    }
  });

  test("an import with update changes the notes that differ and keeps their versions", async () => {
    const { exchange, notes } = await withExchange(store);
    await notes.create({ title: "A", body: "one" });
    await notes.create({ title: "B", body: "two" });
    await notes.exportFolder("out");
    const file = join(exchange, "out", "A.md");
    await writeFile(file, (await readFile(file, "utf8")).replace(/one$/, "changed"));
    await writeFile(join(exchange, "out", "n99-new.md"), "---\nid: n99\ntitle: New\n---\nfrom elsewhere");
    expect(await notes.importFolder("out", { update: true })).toEqual({
      created: 1,
      updated: 1,
      unchanged: 1,
      refused: [],
      notUnderstood: [],
      attachments: { created: 0, updated: 0, unchanged: 0 },
    });
    expect(await notes.get("n1")).toMatchObject({ body: "changed", version: 2 });
    expect(await notes.get("n1", 1)).toMatchObject({ body: "one" });
    expect(await notes.get("n3")).toMatchObject({ title: "New" });
  });

  test("files that make no note are named with the reason, and the others are imported", async () => {
    const { folder, exchange, notes } = await withExchange(store);
    const inside = join(exchange, "in");
    await mkdir(join(inside, "deep", "er"), { recursive: true });
    await mkdir(join(inside, ".hidden"));
    await writeFile(join(folder, "secret.md"), "outside");
    await writeFile(join(inside, "deep", "er", "Good note.MD"), "fine");
    await writeFile(join(inside, "latin.md"), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    await writeFile(join(inside, "big.md"), "x".repeat(1_048_577));
    await writeFile(join(inside, "title.md"), `---\ntitle: ${"x".repeat(201)}\ntags: [a, {b: c}]\n---\n`);
    await writeFile(join(inside, "other.txt"), "no note");
    await writeFile(join(inside, ".hidden", "h.md"), "hidden");
    await symlink(join(folder, "secret.md"), join(inside, "link.md"));
    await symlink(folder, join(inside, "linked"));
    const hasPipe = spawnSync("mkfifo", [join(inside, "pipe.md")]).status === 0;
    const { created, refused, notUnderstood } = await notes.importFolder("in");
    expect(created).toBe(2);
    const named = ["big.md", "latin.md", "link.md", "linked", ...(hasPipe ? ["pipe.md"] : [])];
    expect(refused.map(({ file }) => file).sort()).toEqual(named);
    expect(notUnderstood).toEqual([{ file: "title.md", fields: ["title", "tags"] }]);
    expect(await notes.get("n2")).toMatchObject({ title: "title", tags: ["a"] });
    expect(refused.find(({ file }) => file === "latin.md")?.reason).toMatch(/UTF-8/);
    expect(await notes.get("n1")).toMatchObject({ title: "Good note", body: "fine", folder: "deep/er" });
    expect(JSON.stringify(refused)).not.toContain(folder);
  });

  test.each([
    "",
    ".",
    "..",
    "../out",
    "a/../../out",
    "/etc",
    "a//b",
    "a\\..\\b",
    "C:\\x",
    "c:x",
    ".git",
    "a\0b",
    "a.",
    "x/ ",
    "\ud800",
  ])("neither way leaves the exchange folder by the name %j", async (name) => {
    const { notes } = await withExchange(store);
    const refused = expect.objectContaining({ code: "refused" });
    await expect(notes.importFolder(name)).rejects.toEqual(refused);
    await expect(notes.exportFolder(name)).rejects.toEqual(refused);
  });

  test("a link on the way, a file and a missing folder are refused without a host path", async () => {
    const { folder, exchange, notes } = await withExchange(store);
    await symlink(folder, join(exchange, "link"));
    await writeFile(join(exchange, "file"), "");
    for (const name of ["link", "link/exchange", "file"]) {
      await expect(notes.importFolder(name)).rejects.toThrow(/is a link or a file/);
      await expect(notes.exportFolder(name)).rejects.toThrow(/is a link or a file/);
    }
    const error = await notes.importFolder("missing").catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: "not_found", message: expect.not.stringContaining(folder) });
  });

  test("an export never writes into a folder that is there", async () => {
    const { exchange, notes } = await withExchange(store);
    await mkdir(join(exchange, "mine"));
    await writeFile(join(exchange, "mine", "n1-A.md"), "mine");
    await notes.create({ title: "A", body: "" });
    await expect(notes.exportFolder("mine")).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(join(exchange, "mine", "n1-A.md"), "utf8")).toBe("mine");
  });

  test("an aborted export leaves nothing, and an aborted import keeps what it made", async () => {
    const { exchange, notes } = await withExchange(store);
    await notes.createMany(Array.from({ length: 60 }, (_, index) => ({ title: `T${index}`, body: "" })));
    const stop = new AbortController();
    const task = { signal: stop.signal, progress: () => stop.abort() };
    await expect(notes.exportFolder("out", task)).rejects.toThrow(/abort/i);
    expect(await readdir(exchange)).toEqual([]);
    await notes.exportFolder("out");
    const other = await notesOn(store, { exchange });
    const again = new AbortController();
    let told = 0;
    other.onChange(() => told++);
    await expect(other.importFolder("out", { signal: again.signal, progress: () => again.abort() })).rejects.toThrow(
      /abort/i,
    );
    expect((await other.list({ limit: 100 })).notes).toHaveLength(25);
    expect(told).toBe(25);
  });

  test("folders that are too deep are refused by name, and deep ones are not", async () => {
    const { exchange, notes } = await withExchange(store);
    const path = Array.from({ length: 70 }, (_, at) => `d${at}`);
    await mkdir(join(exchange, "in", ...path), { recursive: true });
    await writeFile(join(exchange, "in", ...path.slice(0, 40), "deep.md"), "found");
    await writeFile(join(exchange, "in", ...path, "too deep.md"), "not read");
    const { created, refused } = await notes.importFolder("in");
    expect(created).toBe(1);
    expect(refused).toEqual([{ file: path.slice(0, 64).join("/"), reason: expect.stringMatching(/64 folders deep/) }]);
    expect(await notes.get("n1")).toMatchObject({ title: "deep", folder: path.slice(0, 40).join("/") });
  });

  test("a folder that becomes a link during the import brings nothing from outside", async ({ skip }) => {
    if (process.platform === "win32") skip("links need a privilege there");
    const { folder, exchange, notes } = await withExchange(store);
    const outside = join(folder, "outside");
    await mkdir(outside);
    await mkdir(join(exchange, "in", "sub"), { recursive: true });
    for (let count = 0; count < 60; count++) {
      await writeFile(join(outside, `n${count}.md`), "secret");
      await writeFile(join(exchange, "in", "sub", `n${count}.md`), "inside");
    }
    let swapped = false;
    const progress = () => {
      if (swapped) return;
      swapped = true;
      renameSync(join(exchange, "in", "sub"), join(exchange, "in", "was"));
      symlinkSync(outside, join(exchange, "in", "sub"));
    };
    const { created, refused } = await notes.importFolder("in", { progress });
    expect([created, refused.length]).toEqual([25, 35]);
    expect(refused[0]?.reason).toMatch(/reached through a link/);
    expect((await notes.search({ query: "secret" })).notes).toEqual([]);
  });

  test("an id in a file counts together with the day of its note only", async () => {
    const { exchange, notes } = await withExchange(store);
    await notes.create({ title: "Mine", body: "mine" });
    await mkdir(join(exchange, "in"));
    await writeFile(join(exchange, "in", "a.md"), "---\nid: n1\n---\nforeign");
    await writeFile(join(exchange, "in", "b.md"), "---\nid: n1\ncreated_at: 2020-01-01T00:00:00.000Z\n---\nforeign");
    expect(await notes.importFolder("in", { update: true })).toMatchObject({ created: 2, updated: 0 });
    expect((await notes.get("n1")).body).toBe("mine");
  });

  test("a file that differs from the note it made changes it with update, and is refused without", async () => {
    const { exchange, notes } = await withExchange(store);
    await mkdir(join(exchange, "in"));
    const file = join(exchange, "in", "a.md");
    await writeFile(file, "---\nstatus: open\n---\none");
    await notes.importFolder("in");
    await writeFile(file, "---\nstatus: done\n---\ntwo");
    const refused = [{ file: "a.md", reason: expect.stringMatching(/update true/) }];
    expect(await notes.importFolder("in")).toMatchObject({ created: 0, refused });
    expect(await notes.importFolder("in", { update: true })).toMatchObject({ updated: 1, refused: [] });
    expect(await notes.get("n1")).toMatchObject({ body: "two", fields: { status: "done" }, version: 2 });
  });

  test("what is changed here is in the file when it is exported", async () => {
    const { exchange, notes } = await withExchange(store);
    await mkdir(join(exchange, "in"));
    await writeFile(join(exchange, "in", "Old.md"), "---\n# why\ntags: [a]\nstatus: open\n---\ntext");
    await writeFile(join(exchange, "in", "Hub.md"), "[[Old]]");
    await notes.importFolder("in");
    await notes.update({ id: "n2", title: "New", tags: ["b"], fields: { status: "done" }, folder: "x" });
    await notes.exportFolder("out");
    expect(await readFile(join(exchange, "out", "x", "New.md"), "utf8")).toBe(
      "---\n# why\ntags:\n  - b\nstatus: done\n---\ntext",
    );
    expect(await readFile(join(exchange, "out", "Hub.md"), "utf8")).toBe("[[New]]");
  });

  test("notes of one title get a file each, and a note goes back to where its file was moved", async () => {
    const { exchange, notes } = await withExchange(store);
    for (let count = 0; count < 2; count++) await notes.create({ title: "Same", body: `${count}` });
    await notes.exportFolder("out");
    expect((await readdir(join(exchange, "out"))).sort()).toEqual(["Same (n2).md", "Same.md"]);
    expect(await notes.importFolder("out", { update: true })).toMatchObject({ unchanged: 2, updated: 0, created: 0 });
    await mkdir(join(exchange, "out", "moved"));
    renameSync(join(exchange, "out", "Same.md"), join(exchange, "out", "moved", "Other.md"));
    expect(await notes.importFolder("out", { update: true })).toMatchObject({ unchanged: 1, updated: 1 });
    expect(await notes.get("n1")).toMatchObject({ title: "Other", folder: "moved" });
  });

  test("without an exchange folder both are refused", async () => {
    const notes = await notesOn(store);
    await expect(notes.importFolder("a")).rejects.toMatchObject({ code: "refused" });
    await expect(notes.exportFolder("a")).rejects.toMatchObject({ code: "refused" });
  });
});

describe("what a killed export left", () => {
  test("goes at the next start, and a running one's stays", async () => {
    const exchange = await temporaryFolder();
    const left = join(exchange, ".export-999999999-abc");
    const running = join(exchange, `.export-${process.ppid}-abc`);
    for (const draft of [left, running]) await mkdir(join(draft, "folder"), { recursive: true });
    await mkdir(join(exchange, "mine"));
    const notes = await openNotes({ store: "memory", exchange });
    await expect.poll(async () => (await readdir(exchange)).sort()).toEqual([basename(running), "mine"]);
    await notes.close();
  });
});

describe("file names", () => {
  test("are titles, where a system and a link take them", () => {
    expect(basenameOf("Plan: a/b\\c?")).toBe("Plan a b c");
    expect(basenameOf("../../etc/passwd")).toBe("etc passwd");
    expect(basenameOf("CON")).toBe("CON_");
    expect(basenameOf("***")).toBe("Untitled");
    expect(basenameOf("e\u0301 日本語")).toBe("\u00e9 日本語");
    expect(Buffer.byteLength(basenameOf("𝒜".repeat(200)))).toBeLessThanOrEqual(200);
  });

  test("hard links are files like any other", async () => {
    const { folder, exchange, notes } = await withExchange(stores[0] ?? expect.unreachable());
    await writeFile(join(folder, "a.md"), "text");
    await mkdir(join(exchange, "in"));
    await link(join(folder, "a.md"), join(exchange, "in", "a.md"));
    expect(await notes.importFolder("in")).toMatchObject({ created: 1 });
  });
});
