// What views talk to their client with, against the official client's half and against hosts that lie.
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import type { BrowserContext, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wholeDocument } from "../../src/bundle/views.ts";
import { noChromium } from "../../src/testing/index.ts";
import { openContext } from "../../src/testing/views/chromium.ts";

const path = (file: string): string => fileURLToPath(new URL(`pages/${file}`, import.meta.url));
const HOST = "http://host.invalid/";
const VIEW = "http://view.invalid/";
/** What of a browser's window these tests use in it. */
interface Win {
  postMessage(message: unknown, to: string): void;
  frames: Win[];
  parent: Win;
}
const reason = await noChromium();
let view: string;
let bridge: string;

beforeAll(async () => {
  if (reason !== undefined) return;
  view = await wholeDocument(esbuild, path("echo.html"));
  const { outputFiles } = await esbuild.build({
    entryPoints: [path("bridge.ts")],
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "error",
  });
  bridge = outputFiles[0]?.text.replaceAll("</script", "<\\/script") ?? "";
});
const open: BrowserContext[] = [];
afterAll(() => Promise.all(open.map((context) => context.close())));

/** A page with the view in a frame without an origin, beside whatever else the page has. */
async function shown(rest: string): Promise<{ page: Page; frame: Frame; errors: string[] }> {
  const context = await openContext();
  open.push(context);
  const html = `<!doctype html><html lang="en"><title>Host</title><iframe name="view" title="View" sandbox="allow-scripts"></iframe>${rest}</html>`;
  await context.route("**/*", (route) => {
    const body = { [HOST]: html, [VIEW]: view }[route.request().url()];
    return body === undefined ? route.abort() : route.fulfill({ contentType: "text/html; charset=utf-8", body });
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  await page.goto(HOST);
  // A view speaks as soon as it is there, and once: who shows it listens before.
  await page.evaluate(`document.querySelector("iframe").src = ${JSON.stringify(VIEW)}`);
  await expect.poll(() => page.frame("view")?.locator("button").count()).toBe(1);
  return { page, frame: page.frame("view") as Frame, errors };
}

describe.skipIf(reason !== undefined)(`in a browser${reason === undefined ? "" : ` (${reason})`}`, () => {
  test("the official client accepts every message and is understood", async () => {
    const { page, frame, errors } = await shown(`<script type="module">${bridge}</script>`);
    const heard = () => page.evaluate("heard") as Promise<string[]>;
    await expect
      .poll(() => frame.locator("p").allTextContents())
      .toEqual(['input {"words":"</script><b>"}', 'answer {"data":{"words":1},"text":"text","isError":false}']);
    await frame.getByRole("button", { name: "Call" }).click();
    await expect.poll(async () => (await heard()).some((line) => line.startsWith("told"))).toBe(true);
    const said = await heard();
    expect(said).toEqual(
      expect.arrayContaining([
        "initialized echo",
        "height number",
        'call echo {"words":1}',
        'told [{"type":"text","text":"the user pressed Call"}]',
      ]),
    );
    expect(said.filter((line) => line.startsWith("error"))).toEqual([]);
    expect(await frame.locator("p").last().textContent()).toBe(
      'called {"text":"no such word","isError":true,"content":[{"type":"text","text":"no such word"}]}',
    );
    expect(await frame.evaluate("document.documentElement.style.colorScheme")).toBe("dark");
    expect(await frame.evaluate("getComputedStyle(document.body).color")).toBe("rgb(1, 2, 3)");
    expect(await page.evaluate("teardown()")).toEqual({});
    await page.evaluate('bridge.sendToolCancelled({ reason: "enough" })');
    await expect.poll(() => frame.locator("p").last().textContent()).toBe("cancelled enough");
    expect(errors).toEqual([]);
  });

  test("nothing is heard but what the frame above says, and no answer that was not waited for", async () => {
    const { page, frame, errors } = await shown(
      '<iframe name="other" title="Other" sandbox="allow-scripts" srcdoc="<p>"></iframe>',
    );
    const result = {
      method: "ui/notifications/tool-result",
      params: { structuredContent: { of: "other" }, content: [] },
    };
    const post = (message: unknown): Promise<unknown> =>
      page.evaluate((sent) => (globalThis as unknown as Win).frames[0]?.postMessage(sent, "*"), message);
    // Another frame, and the view's own window.
    await page
      .frame("other")
      ?.evaluate((sent) => (globalThis as unknown as Win).parent.frames[0]?.postMessage(sent, "*"), {
        jsonrpc: "2.0",
        ...result,
      });
    await frame.evaluate((sent) => (globalThis as unknown as Win).postMessage(sent, "*"), {
      jsonrpc: "2.0",
      ...result,
    });
    // The frame above, and nothing that anyone waits for or could read.
    for (const message of [
      null,
      "text",
      { ...result },
      { jsonrpc: "1.0", ...result },
      { jsonrpc: "2.0", id: 99, result: { structuredContent: {} } },
      { jsonrpc: "2.0", id: "1", result: { hostCapabilities: { serverTools: {} } } },
      { jsonrpc: "2.0", method: "__proto__", params: {} },
      { jsonrpc: "2.0", method: "constructor", params: {} },
      { jsonrpc: "2.0", method: "ui/notifications/host-context-changed", params: null },
    ])
      await post(message);
    await post({
      jsonrpc: "2.0",
      method: "ui/notifications/tool-result",
      params: { content: "no list", structuredContent: null },
    });
    await expect.poll(() => frame.locator("p").allTextContents()).toEqual(['answer {"text":"","isError":false}']);
    for (const [params, said] of [
      [null, 'answer {"text":"","isError":false}'],
      [
        { content: [null, 5, { type: "text", text: "a" }], structuredContent: 5 },
        'answer {"text":"a","isError":false}',
      ],
    ] as const) {
      await post({ jsonrpc: "2.0", method: "ui/notifications/tool-result", params });
      await expect.poll(() => frame.locator("p").last().textContent()).toBe(said);
    }
    for (const params of [null, { arguments: 5 }, { arguments: null }])
      await post({ jsonrpc: "2.0", method: "ui/notifications/tool-input", params });
    await expect.poll(() => frame.getByText("input {}", { exact: true }).count()).toBe(3);
    await post({ jsonrpc: "2.0", method: "ui/notifications/tool-cancelled", params: null });
    await expect.poll(() => frame.locator("p").last().textContent()).toBe("cancelled ");
    // A host that answers no call leaves the button off; one that refuses is shown.
    await frame.getByRole("button", { name: "Call" }).click();
    await post({
      jsonrpc: "2.0",
      id: 1,
      result: { hostCapabilities: {}, hostContext: { theme: "url(x)", styles: { variables: { color: "red" } } } },
    });
    await expect
      .poll(() => frame.locator("p").last().textContent())
      .toBe('called {"refused":"This client lets no view call tools."}');
    expect(await frame.evaluate("document.documentElement.style.cssText")).toBe("");
    expect(errors).toEqual([]);
  });
});
