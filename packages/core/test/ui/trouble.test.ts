// What the live page says of a server in trouble: the alert, the breaker, who is subscribed, and what the lock has not.
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createApp } from "../../src/app.ts";
import { defineResource, defineServer, defineTool } from "../../src/index.ts";
import { serveHttp } from "../../src/protocol/http/http.ts";
import { dependency } from "../../src/resilience/index.ts";
import { readContract } from "../../src/surface/contract.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { noChromium } from "../../src/testing/index.ts";
import { openContext } from "../../src/testing/views/chromium.ts";
import { openLivePage } from "../../src/ui/live-page.ts";

const links = dependency("links");
const broken = defineTool({
  name: "broken",
  title: "Broken",
  description: "Fails as nobody expects.",
  inputSchema: z.object({}),
  outputSchema: z.object({}),
  handler: () => {
    throw new Error("unexpected");
  },
});
const added = defineTool({ ...broken, name: "added", handler: () => ({}) });
const shelf = defineResource({
  name: "shelf",
  title: "Shelf",
  description: "The shelf.",
  uri: "shelf://it",
  subscribe: true,
  read: () => "",
});
const parts = { name: "troubled", version: "1.0.0", resources: [shelf], dependencies: [links] };
const server = defineServer({ ...parts, tools: [broken, added] });

const reason = await noChromium();
test.skipIf(reason !== undefined)(
  `a browser shows an alert, an open breaker, a subscription and a changed contract${reason === undefined ? "" : ` (${reason})`}`,
  async () => {
    const project = realpathSync(mkdtempSync(join(tmpdir(), "troubled-")));
    mkdirSync(join(project, "dist"));
    writeFileSync(join(project, "dist", "main.js"), "");
    const locked = readContract(defineServer({ ...parts, tools: [broken] }));
    writeFileSync(join(project, "contract.lock.json"), JSON.stringify(locked));
    const program = process.argv[1];
    process.argv[1] = join(project, "dist", "main.js");
    onTestFinished(() => {
      process.argv[1] = program as string;
    });

    const app = createApp(server, { log: createLog("silent") });
    const page = openLivePage(app);
    const endpoint = await serveHttp(app, { ui: page });
    onTestFinished(async () => {
      await endpoint.drain(0);
      app.close();
    });
    links.force("open", { by: "test" });
    onTestFinished(() => links.force("auto", { by: "test" }));
    onTestFinished(app.changes.subscribe("shelf://it", () => () => {}));
    for (let count = 0; count < 20; count += 1) app.account.slo.record("internal_error", performance.now());

    const context = await openContext({ viewport: { width: 320, height: 640 } });
    onTestFinished(() => context.close());
    const shown = await context.newPage();
    await shown.goto(page.addressAt(endpoint.url));
    const text = (id: string) => expect.poll(() => shown.locator(`#${id}`).textContent());
    await text("alerts").toMatch(
      /^page: budget burns 200× too fast, mostly internal_error\. See .*incompatible-payloads/,
    );
    expect(await shown.locator("#alerts").getAttribute("class")).toBe("bad");
    await text("dependencies").toMatch(/^links: breaker open, forced open; 0 running/);
    await text("subscriptions").toBe("shelf://it: 1");
    await text("contract").toMatch(/added/);
    expect(await shown.evaluate("document.documentElement.scrollWidth")).toBe(320);
  },
);
