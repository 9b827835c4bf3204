import { cp, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Notes } from "../../src/domain/notes.ts";
import { openNotes } from "../../src/domain/notes.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { resolvedLinks } from "../fixtures/obsidian.ts";
import { readTree, writeVault } from "../fixtures/vault.ts";

const isNote = (path: string) => /\.(md|markdown)$/i.test(path);
const utf8 = (texts: Map<string, string>) =>
  new Map([...texts].map(([path, text]) => [path, isNote(path) ? Buffer.from(text, "latin1").toString() : ""]));

/** Imports a vault and exports it, and says what became of each file. */
async function roundTrip(vault: string) {
  const exchange = await temporaryFolder();
  await cp(vault, join(exchange, "in"), { recursive: true, preserveTimestamps: true });
  const notes = await openNotes({ store: "sqlite", data: join(exchange, "data"), exchange });
  const imported = await notes.importFolder("in");
  await notes.exportFolder("out");
  const [before, after] = [await readTree(join(exchange, "in")), await readTree(join(exchange, "out"))];
  const refused = new Set(imported.refused.map(({ file }) => file));
  const paths = [...before.texts.keys()].filter((path) => !refused.has(path));
  return {
    notes,
    imported,
    before,
    after,
    files: paths.length,
    lost: paths.filter((path) => !after.texts.has(path)),
    changed: paths.filter((path) => after.texts.get(path) !== before.texts.get(path)),
    redated: paths.filter((path) => Math.abs((after.times.get(path) ?? 0) - (before.times.get(path) ?? 0)) > 1),
    added: [...after.texts.keys()].filter((path) => !before.texts.has(path)),
  };
}

/** Where the server's own links lead, as the independent reading writes them. */
async function ownLinks(notes: Notes): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (let cursor: string | undefined; ; ) {
    const page = await notes.list({ limit: 100, ...(cursor && { cursor }) });
    for (const { id } of page.notes) {
      const { folder, file = "" } = await notes.get(id);
      paths.set(id, folder === "" ? file : `${folder}/${file}`);
    }
    cursor = page.next_cursor;
    if (cursor === undefined) return paths;
  }
}

async function expectRoundTrip(vault: string) {
  const { notes, imported, before, after, lost, changed, redated, added } = await roundTrip(vault);
  expect({ lost, changed, redated, added }).toEqual({ lost: [], changed: [], redated: [], added: [] });
  expect(resolvedLinks(utf8(after.texts))).toEqual(resolvedLinks(utf8(before.texts)));
  const again = await notes.importFolder("out", { update: true });
  expect({ ...again, notUnderstood: [] }).toEqual({
    created: 0,
    updated: 0,
    unchanged: imported.created,
    attachments: { created: 0, updated: 0, unchanged: imported.attachments.created },
    refused: [],
    notUnderstood: [],
  });
  return { notes, imported, before };
}

describe("a vault that is imported and exported is that vault", () => {
  test("with every kind of front matter, name, link and line end", async () => {
    const vault = await temporaryFolder();
    await writeVault(vault, 300);
    const { notes, imported, before } = await expectRoundTrip(vault);
    expect(imported.refused).toEqual([]);
    expect(imported.notUnderstood.length).toBeGreaterThan(0);
    // The server's links lead where the independent reading says.
    const paths = await ownLinks(notes);
    const judged = resolvedLinks(utf8(before.texts)).map(({ source, found }) => `${source} → ${found}`);
    const own = new Set<string>();
    for (const [id, source] of paths) {
      for (const { id: to } of (await notes.outgoingLinks(id, { limit: 100 })).links)
        if (to !== null) own.add(`${source} → ${paths.get(to)}`);
    }
    expect(judged.length).toBeGreaterThan(300);
    expect(judged.filter((link) => !own.has(link))).toEqual([]);
    await notes.close();
  });

  test("ten thousand generated files", { timeout: 600_000 }, async ({ skip }) => {
    if (process.env.OFFSHOOT_LONG !== "1") skip("OFFSHOOT_LONG is not set");
    const vault = await temporaryFolder();
    await writeVault(vault, 10_000, 7);
    const { notes } = await expectRoundTrip(vault);
    await notes.close();
  });

  test("the vaults that people have made public", { timeout: 1_800_000 }, async ({ skip }) => {
    const folder = process.env.OFFSHOOT_VAULTS;
    if (folder === undefined) skip("OFFSHOOT_VAULTS names no folder of vaults");
    for (const name of await readdir(String(folder))) {
      const { notes, imported } = await expectRoundTrip(join(String(folder), name));
      console.log(basename(name), {
        ...imported,
        refused: imported.refused.length,
        notUnderstood: imported.notUnderstood.length,
      });
      console.log(imported.refused.slice(0, 5));
      await notes.close();
    }
  });
});

test.each(["A/B2", ".hid2", "a\\b2", "what? [x]", "CON"])(
  "a note named %j is linked to by the name an export gives it",
  async (title) => {
    const exchange = await temporaryFolder();
    const notes = await openNotes({ store: "memory", exchange });
    await notes.create({ title: "Old", body: "" });
    await notes.create({ title: "Hub", body: "[[Old]]" });
    await notes.update({ id: "n1", title });
    expect((await notes.backlinks("n1")).notes).toMatchObject([{ id: "n2" }]);
    await notes.exportFolder("out");
    const links = resolvedLinks((await readTree(join(exchange, "out"))).texts);
    expect(links).toMatchObject([{ source: "Hub.md" }]);
    expect(links[0]?.found).not.toBe("Hub.md");
    // The title itself leads there too, where it can stand in a link.
    if (!title.includes("[")) {
      await notes.create({ title: "By title", body: `[[${title}]]` });
      expect((await notes.backlinks("n1")).notes).toHaveLength(2);
    }
    await notes.close();
  },
);
