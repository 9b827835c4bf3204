import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

/** Where distributions put it. */
const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

let opened: Promise<Browser> | undefined;

/** Why no view can be rendered here, in a line; `undefined` where a browser can be started. */
export async function noChromium(): Promise<string | undefined> {
  const file = process.env.OFFSHOOT_CHROMIUM ?? USUAL.find(existsSync);
  if (file === undefined) return "no Chromium here: install one, or name its file in OFFSHOOT_CHROMIUM";
  if (!existsSync(file)) return `OFFSHOOT_CHROMIUM names ${file}, which is not there`;
  try {
    const { chromium } = await import("playwright-core");
    // One for all that this process shows. It ends with the process.
    opened ??= chromium.launch({ executablePath: file, args: ["--disable-gpu", "--disable-dev-shm-usage"] });
    await opened;
    return undefined;
  } catch (error) {
    opened = undefined;
    const why = (error as Error).message.split("\n")[0];
    return `${file} could not be used: ${why}. Is playwright-core installed?`;
  }
}

/** The browser that {@link noChromium} found. @throws Error with the reason where it found none */
export async function openChromium(): Promise<Browser> {
  const reason = await noChromium();
  if (reason !== undefined) throw new Error(reason);
  return opened as Promise<Browser>;
}
