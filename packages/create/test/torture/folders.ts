import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Texts } from "./texts.ts";

// Texts of the trial are UTF-8 in memory, and bytes one by one when they are compared.
export const encodingOf = (path: string): BufferEncoding => (path.endsWith(".png") ? "latin1" : "utf8");
export const bytesOf = (path: string, text: string): Buffer => Buffer.from(text, encodingOf(path));
export const withCrlf = (files: Texts): Texts =>
  new Map([...files].map(([path, text]) => [path, path.endsWith(".png") ? text : text.replaceAll("\n", "\r\n")]));

export function writeTexts(folder: string, files: Texts): void {
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytesOf(path, text));
  }
}

export function readTexts(folder: string): Texts {
  const files: Texts = new Map();
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = entry.replaceAll("\\", "/");
    if (/^(\.git|\.offshoot-before)(\/|$)/.test(path) || !statSync(join(folder, path)).isFile()) continue;
    files.set(path, readFileSync(join(folder, path), encodingOf(path)));
  }
  return files;
}
