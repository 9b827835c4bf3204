import { existsSync } from "node:fs";
import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core";

/** Where distributions put it. */
const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** How long the browser waits for the next view, in ms: it would keep its process from ending. */
const IDLE_MS = 5_000;

let opened: Promise<Browser> | undefined;
let users = 0;

/** Why no view can be rendered here, in a line; `undefined` where a browser can be started. */
export async function noChromium(): Promise<string | undefined> {
  const file = process.env.OFFSHOOT_CHROMIUM ?? USUAL.find(existsSync);
  if (file === undefined) return "no Chromium here: install one, or name its file in OFFSHOOT_CHROMIUM";
  if (!existsSync(file)) return `OFFSHOOT_CHROMIUM names ${file}, which is not there`;
  try {
    const { chromium } = await import("playwright-core");
    // One for all that this process shows.
    opened ??= chromium.launch({ executablePath: file, args: ["--disable-gpu", "--disable-dev-shm-usage"] });
    await opened;
    closeWhenIdle();
    return undefined;
  } catch (error) {
    opened = undefined;
    const why = (error as Error).message.split("\n")[0];
    return `${file} could not be used: ${why}. Is playwright-core installed?`;
  }
}

/** A window of its own in the browser that {@link noChromium} found. @throws Error with the reason where it found none */
export async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  users += 1;
  try {
    const reason = await noChromium();
    if (reason !== undefined) throw new Error(reason);
    const context = await ((await opened) as Browser).newContext(options);
    context.once("close", leave);
    return context;
  } catch (error) {
    leave();
    throw error;
  }
}

function leave(): void {
  users -= 1;
  closeWhenIdle();
}

function closeWhenIdle(): void {
  const browser = opened;
  setTimeout(() => {
    if (users > 0 || opened !== browser) return;
    opened = undefined;
    void browser?.then((one) => one.close());
  }, IDLE_MS).unref();
}
