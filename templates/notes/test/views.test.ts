// The views in a real browser, as a client shows them. Without a Chromium they are skipped, saying so.
import { readdir, stat } from "node:fs/promises";
import { type ConnectOptions, connect, noChromium, showView, type TestClient } from "@offshoot/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { createNotes } from "../src/domain/notes.ts";
import { createMemoryStore } from "../src/domain/store/memory.ts";
import { notesServer } from "../src/server.ts";

const reason = await noChromium();
const built = new URL("../dist/views/", import.meta.url);
const hostile = `</script><img src=x onerror="document.title='ran'"><script>document.title='ran'</script> \u202etxt.exe`;
const extensions = { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } };

async function session(options: Partial<ConnectOptions> = {}): Promise<TestClient> {
  const notes = createNotes(createMemoryStore());
  const client = await connect(notesServer(notes), { wire: "stdio-2026", extensions, ...options });
  onTestFinished(async () => {
    await client.close();
    await notes.close();
  });
  return client;
}

test("every view is one document of less than 30 kB", async () => {
  const views = await readdir(built);
  expect(views.sort()).toEqual(["delete.html", "list.html", "revisions.html"]);
  for (const view of views) expect((await stat(new URL(view, built))).size).toBeLessThan(30_000);
});

describe("delete_note, called by a model", () => {
  test("deletes nothing where the client cannot ask and shows views, until a view says so", async () => {
    const client = await session();
    await client.call("create_note", { title: "Milk", body: "" });
    const asked = await client.call("delete_note", { id: "n1" });
    expect(asked.data).toMatchObject({ deleted: false, asks_in_view: true });
    expect(asked.text).toMatch(/being asked in a view/);
    expect((await client.call("get_note", { id: "n1" })).isError).toBe(false);
    expect((await client.call("delete_note_confirmed", { id: "n1" })).data).toMatchObject({ deleted: true });
  });

  test("the view's own tool is kept from models, and asks where no view can have", async () => {
    const client = await session({
      extensions: undefined,
      onElicit: () => ({ action: "accept", content: { delete: false } }),
    });
    const tools = await client.tools();
    expect(tools.find(({ name }) => name === "delete_note_confirmed")?._meta).toEqual({ ui: { visibility: ["app"] } });
    await client.call("create_note", { title: "Milk", body: "" });
    expect((await client.call("delete_note_confirmed", { id: "n1" })).data).toMatchObject({ deleted: false });
    expect((await client.call("get_note", { id: "n1" })).isError).toBe(false);
  });
});

describe.skipIf(reason !== undefined)(`in a browser${reason === undefined ? "" : ` (${reason})`}`, () => {
  test("a note is found, opened, and deleted once its question is answered", async () => {
    const client = await session();
    for (const title of ["Milk", "Bread", "Oat milk"])
      await client.call("create_note", { title, body: `about ${title}` });
    await using view = await showView(client, "list_notes", {});
    const { frame, page } = view;
    expect(await frame.locator("li strong").allTextContents()).toEqual(["Oat milk", "Bread", "Milk"]);
    await frame.getByRole("searchbox", { name: "Search" }).fill("bread");
    await page.keyboard.press("Enter");
    await expect.poll(() => frame.locator("li strong").allTextContents()).toEqual(["Bread"]);
    await frame.getByRole("button", { name: /Bread/ }).click();
    await expect.poll(() => frame.locator("pre").textContent()).toBe("about Bread");
    const question = frame.getByRole("dialog");
    await frame.getByRole("button", { name: "Delete…" }).click();
    expect(await question.textContent()).toContain("Move “Bread” (n2) to the trash?");
    // What has the focus keeps the note, and so does Escape.
    await page.keyboard.press("Enter");
    await expect.poll(() => question.count()).toBe(0);
    await frame.getByRole("button", { name: "Delete…" }).click();
    await page.keyboard.press("Escape");
    await expect.poll(() => question.count()).toBe(0);
    expect((await client.call("get_note", { id: "n2" })).isError).toBe(false);
    await frame.getByRole("button", { name: "Delete…" }).click();
    await question.getByRole("button", { name: "Move to the trash" }).click();
    await expect.poll(() => frame.getByRole("status").textContent()).toBe("“Bread” is in the trash.");
    expect((await client.call("get_note", { id: "n2" })).isError).toBe(true);
    await expect.poll(() => view.told).toEqual([expect.stringContaining("moved the note n2 to the trash")]);
    expect(view.problems).toEqual([]);
  });

  test("pages follow each other", async () => {
    const client = await session();
    for (const title of ["one", "two", "three"]) await client.call("create_note", { title, body: "" });
    await using view = await showView(client, "list_notes", { sort: "title_asc", limit: 2 });
    expect(await view.frame.locator("li strong").allTextContents()).toEqual(["one", "three"]);
    await view.frame.getByRole("button", { name: "Next page" }).click();
    await expect.poll(() => view.frame.locator("li strong").allTextContents()).toEqual(["two"]);
  });

  test("an earlier version is compared and restored", async () => {
    const client = await session();
    await client.call("create_note", { title: "Milk", body: "first\n" });
    await client.call("update_note", { id: "n1", body: "second\n" });
    await client.call("update_note", { id: "n1", body: "third\n" });
    await using view = await showView(client, "diff_revisions", { id: "n1", from: 2, to: 3 });
    expect(await view.frame.locator("del").last().textContent()).toBe("-second\n");
    await view.frame.getByLabel("From").selectOption("1");
    await expect.poll(() => view.frame.locator("del").last().textContent()).toBe("-first\n");
    await view.frame.getByRole("button", { name: "Restore version 1" }).click();
    await expect.poll(() => view.frame.getByRole("status").textContent()).toBe("Version 1 is restored, as version 4.");
    expect((await client.call("get_note", { id: "n1" })).data).toMatchObject({ body: "first\n", version: 4 });
    expect(view.problems).toEqual([]);
  });

  test("a restore is refused, and says so, where another writer came first", async () => {
    const client = await session();
    await client.call("create_note", { title: "Milk", body: "first\n" });
    await client.call("update_note", { id: "n1", body: "second\n" });
    await using view = await showView(client, "diff_revisions", { id: "n1", from: 1, to: 2 });
    await expect.poll(() => view.frame.getByLabel("From").count()).toBe(1);
    await client.call("update_note", { id: "n1", body: "theirs\n" });
    await view.frame.getByRole("button", { name: "Restore version 1" }).click();
    await expect.poll(() => view.frame.getByRole("status").textContent()).toMatch(/version/);
    expect((await client.call("get_note", { id: "n1" })).data.body).toBe("theirs\n");
  });

  test("nothing is restored before it is known what would be replaced, and what came meanwhile is named", async () => {
    const client = await session();
    await client.call("create_note", { title: "Milk", body: "first\n" });
    await client.call("update_note", { id: "n1", body: "second\n" });
    const outcome = await client.call("diff_revisions", { id: "n1", from: 1, to: 2 });
    await client.call("update_note", { id: "n1", body: "theirs\n" });
    let know = (): void => {};
    const known = new Promise<undefined>((resolve) => {
      know = () => resolve(undefined);
    });
    await using view = await showView(
      client,
      "diff_revisions",
      { id: "n1", from: 1, to: 2 },
      { outcome, onCall: async (name) => (name === "list_revisions" ? known : undefined) },
    );
    expect(await view.frame.locator("del").last().textContent()).toBe("-first\n");
    expect(await view.frame.getByRole("button").count()).toBe(0);
    know();
    const restore = view.frame.getByRole("button", { name: "Restore version 1 in place of 3" });
    await expect.poll(() => restore.count()).toBe(1);
    // A refusal is no dead end: what is there now is what the next press is about.
    await client.call("update_note", { id: "n1", body: "theirs again\n" });
    await restore.click();
    await view.frame.getByRole("button", { name: "Restore version 1 in place of 4" }).waitFor();
    expect((await client.call("get_note", { id: "n1" })).data.body).toBe("theirs again\n");
  });

  test("an answer that comes after that of a later question is not shown", async () => {
    const client = await session();
    for (const title of ["alpha", "beta"]) await client.call("create_note", { title, body: title });
    let late = (): void => {};
    const held = new Promise<undefined>((resolve) => {
      late = () => resolve(undefined);
    });
    await using view = await showView(
      client,
      "list_notes",
      {},
      { onCall: async (_, { query }) => (query === "alpha" ? held : undefined) },
    );
    const shown = () => view.frame.locator("li strong").allTextContents();
    for (const words of ["alpha", "beta"]) {
      await view.frame.getByRole("searchbox").fill(words);
      await view.page.keyboard.press("Enter");
    }
    await expect.poll(shown).toEqual(["beta"]);
    late();
    await expect.poll(() => view.calls.length).toBe(2);
    // The view has heard it before the next thing that it does.
    await view.frame.getByRole("button", { name: /beta/ }).click();
    await view.frame.getByRole("button", { name: "Back to the list" }).click();
    expect(await shown()).toEqual(["beta"]);
  });

  test("the keyboard goes on where it was, or at the heading where that has gone", async () => {
    const client = await session();
    for (const title of ["one", "two", "three"]) await client.call("create_note", { title, body: "" });
    await using view = await showView(
      client,
      "list_notes",
      { limit: 2 },
      { onCall: () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50)) },
    );
    const focused = () => view.frame.evaluate("document.activeElement.textContent");
    for (const [button, then] of [
      ["Search", "Search"],
      [/one/, "one"],
      ["Back to the list", "Notes"],
    ] as const) {
      await view.frame.getByRole("button", { name: button }).focus();
      await view.page.keyboard.press("Enter");
      await expect.poll(focused).toBe(then);
      await expect.poll(() => view.frame.locator("button:disabled").count()).toBe(0);
      await expect.poll(focused).toBe(then);
    }
  });

  test("what does not show in a name is written out, and a call that was cancelled is said to be", async () => {
    const client = await session();
    await client.call("create_note", { title: "a", body: "" });
    const outcome = await client.call("list_notes", {});
    const unseen = ["\u3164", "\u115f", "\uffa0", "\u2800", "\u034f", "\u180e", "\u{e0101}", "\ud800", "\u2066"];
    const data = { notes: [{ ...outcome.data.notes[0], title: `a${unseen.join("b")}c 👩‍👧 ❤️` }] };
    await using view = await showView(client, "list_notes", {}, { outcome: { ...outcome, data } });
    const written = unseen.map((one) => `\\u{${(one.codePointAt(0) as number).toString(16)}}`).join("b");
    expect(await view.frame.locator("li strong").textContent()).toBe(`a${written}c 👩‍👧 ❤️`);
    await view.post({ jsonrpc: "2.0", method: "ui/notifications/tool-cancelled", params: { reason: "enough" } });
    await expect.poll(() => view.frame.getByRole("status").textContent()).toBe("The call was cancelled.");
  });

  test("the user is asked before a model's delete, may say no, and may take it back", async () => {
    const client = await session();
    await client.call("create_note", { title: "Milk", body: "" });
    await using kept = await showView(client, "delete_note", { id: "n1" });
    await kept.frame.getByRole("button", { name: "Keep it" }).click();
    await expect.poll(() => kept.frame.locator("h1").textContent()).toBe("“Milk” (n1) is still there");
    expect(kept.calls).toEqual([]);
    await using view = await showView(client, "delete_note", { id: "n1" }, { theme: "dark", width: 320 });
    expect(await view.frame.evaluate("document.documentElement.scrollWidth")).toBe(320);
    await view.frame.getByRole("button", { name: "Move to the trash" }).click();
    await expect.poll(() => view.frame.locator("h1").textContent()).toBe("“Milk” (n1) is in the trash");
    expect((await client.call("get_note", { id: "n1" })).isError).toBe(true);
    await view.frame.getByRole("button", { name: "Restore" }).click();
    await expect.poll(() => view.frame.locator("h1").textContent()).toBe("“Milk” is restored");
    expect((await client.call("get_note", { id: "n1" })).isError).toBe(false);
    expect(view.problems).toEqual([]);
  });

  test("what notes say is text, and stays in the frame", async () => {
    const client = await session();
    // Titles with what turns text around are refused by the domain: an answer of another store may have them.
    await client.call("create_note", { title: "Milk", body: hostile });
    const outcome = await client.call("list_notes");
    const [note] = outcome.data.notes;
    const bad = { ...note, title: hostile, folder: hostile, tags: [hostile], snippet: hostile, updated_at: hostile };
    const small = { title: "x", tags: [], folder: "", updated_at: "" };
    const data = {
      notes: Array.from({ length: 100_000 }, (_, at) => (at === 0 ? bad : { ...small, id: `n${at}` })),
      next_cursor: hostile,
    };
    await using view = await showView(client, "list_notes", {}, { outcome: { ...outcome, data } });
    expect(await view.frame.locator("li").count()).toBe(200);
    await view.frame.getByRole("listitem").first().getByRole("button").click();
    await expect.poll(() => view.frame.locator("pre").textContent()).toBe(hostile);
    expect(await view.frame.title()).toBe("Notes");
    expect(await view.frame.locator("img, main script").count()).toBe(0);
    expect(view.problems).toEqual([]);
  });
});
