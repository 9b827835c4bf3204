// The views in a real browser, as a client shows them. Without a Chromium they are skipped, saying so.
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, noChromium, showView, type TestClient } from "@offshoot/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { openFiles } from "../src/domain/open-files.ts";
import { filesystemServer } from "../src/server.ts";
import { temporaryFolder } from "./fixtures/folder.ts";

const reason = await noChromium();
const built = new URL("../dist/views/", import.meta.url);
const hostile = `</script><img src=x onerror="document.title='ran'"><script>document.title='ran'</script> \u202etxt.exe`;
const edits = [{ oldText: "two", newText: "2" }];

async function session(files: Record<string, string | Uint8Array>): Promise<{ client: TestClient; root: string }> {
  const root = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
  const opened = await openFiles({ roots: [root] });
  const client = await connect(filesystemServer(opened), { wire: "stdio-2026" });
  onTestFinished(async () => {
    await client.close();
    await opened.close();
  });
  return { client, root };
}

test("every view is one document of less than 30 kB", async () => {
  const views = await readdir(built);
  expect(views.sort()).toEqual(["diff.html", "picture.html"]);
  for (const view of views) expect((await stat(new URL(view, built))).size).toBeLessThan(30_000);
});

describe.skipIf(reason !== undefined)(`in a browser${reason === undefined ? "" : ` (${reason})`}`, () => {
  // #region apply
  test("Apply writes what the dry run showed, and the model is told", async () => {
    const { client, root } = await session({ "a.txt": "one\ntwo\n" });
    await using view = await showView(client, "edit_file", { path: "a.txt", edits, dryRun: true });
    expect(await view.frame.locator("ins, del").allTextContents()).toEqual(["-two\n", "+2\n"]);
    expect(await readFile(join(root, "a.txt"), "utf8")).toBe("one\ntwo\n");
    await view.frame.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => view.frame.getByRole("status").textContent()).toMatch(/^Applied/);
    expect(await readFile(join(root, "a.txt"), "utf8")).toBe("one\n2\n");
    await expect.poll(() => view.told).toEqual([expect.stringContaining("applied the dry run of edit_file to a.txt")]);
    expect(await view.frame.getByRole("button", { name: "Apply" }).count()).toBe(0);
    expect(view.problems).toEqual([]);
  });
  // #endregion

  test("Apply changes nothing where the file is another one by now", async () => {
    const { client, root } = await session({ "a.txt": "one\ntwo\n" });
    await using view = await showView(client, "edit_file", { path: "a.txt", edits, dryRun: true });
    await writeFile(join(root, "a.txt"), "two, and more\n");
    await view.frame.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => view.frame.getByRole("status").textContent()).toBe("Nothing was changed.");
    expect(await view.frame.getByRole("alert").textContent()).toMatch(/sha256|changed/i);
    expect(await readFile(join(root, "a.txt"), "utf8")).toBe("two, and more\n");
  });

  test("what names and files say is text, and stays in the frame", async () => {
    const { client } = await session({ "a.txt": `${hostile}\ntwo\n` });
    const input = { path: "a.txt", edits: [{ oldText: "two", newText: hostile }], dryRun: true };
    const outcome = await client.call("edit_file", input);
    await using view = await showView(client, "edit_file", { ...input, path: hostile }, { outcome });
    expect(await view.frame.title()).toBe("Difference");
    expect(await view.frame.locator("img, main script").count()).toBe(0);
    expect(await view.frame.locator("h1").textContent()).toContain("\\u{202e}txt.exe");
    expect(view.problems).toEqual([]);
    // A refusal is as much another's text as the diff is.
    const refusal = { ...outcome, isError: true, data: undefined, content: [{ type: "text" as const, text: hostile }] };
    await using refused = await showView(client, "edit_file", input, { outcome: refusal });
    expect(await refused.frame.getByRole("alert").textContent()).toContain("</script><img");
    expect(refused.problems).toEqual([]);
  });

  test("100 000 changed lines do not make the browser stand still", async () => {
    const { client } = await session({ "a.txt": "one\ntwo\n" });
    const input = { path: "a.txt", edits, dryRun: true };
    const outcome = await client.call("edit_file", input);
    const diff = `--- a\n+++ b\n@@ -1 +1 @@\n${"+a line\n".repeat(100_000)}`;
    await using view = await showView(client, "edit_file", input, {
      outcome: { ...outcome, data: { ...outcome.data, diff } },
    });
    expect(await view.frame.locator("ins").count()).toBeLessThan(2_001);
    await view.frame.getByRole("button", { name: /^Show more/ }).click();
    expect(await view.frame.locator("ins").count()).toBeGreaterThan(3_000);
  });

  test("a picture is shown, on a phone in the dark too", async () => {
    const png =
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAFElEQVR4nGP8z8Dwn4GBgYGJAQoAHgQCAfg7/ngAAAAASUVORK5CYII=";
    const { client } = await session({ "dot.png": Buffer.from(png, "base64") });
    await using view = await showView(client, "read_media_file", { path: "dot.png" }, { theme: "dark", width: 320 });
    const picture = view.frame.getByRole("img", { name: "dot.png" });
    await expect
      .poll(() => picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(2);
    expect(await view.frame.evaluate("document.documentElement.scrollWidth")).toBe(320);
    expect(await view.frame.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(27, 27, 29)");
    expect(view.problems).toEqual([]);
  });

  test("the keyboard is enough, and a phone wide enough", async () => {
    const { client, root } = await session({ "a.txt": `${"long".repeat(100)} two\n` });
    await using view = await showView(client, "edit_file", { path: "a.txt", edits, dryRun: true }, { width: 320 });
    expect(await view.frame.evaluate("document.documentElement.scrollWidth")).toBe(320);
    await view.frame.locator("pre").focus();
    await view.page.keyboard.press("Tab");
    await view.page.keyboard.press("Enter");
    await expect.poll(() => view.frame.getByRole("status").textContent()).toMatch(/^Applied/);
    expect(await readFile(join(root, "a.txt"), "utf8")).toMatch(/ 2\n$/);
  });
});
