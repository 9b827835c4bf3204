import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "./plugin.ts";

type Esbuild = Parameters<Plugin["setup"]>[0]["esbuild"];

const SCRIPT = /<script type="module" src="([^"]+)"><\/script>/g;
const STYLE = /<link rel="stylesheet" href="([^"]+)"\s*\/?>/g;

/** Makes each page of `src/views/` one document in `dist/views/`: its script and style in it, nothing left to fetch. */
export const views: Plugin = {
  name: "views",
  setup(build) {
    build.onEnd(async () => {
      const pages = existsSync("src/views") ? readdirSync("src/views").filter((file) => file.endsWith(".html")) : [];
      if (pages.length === 0) return;
      mkdirSync("dist/views", { recursive: true });
      for (const page of pages)
        writeFileSync(join("dist/views", page), await wholeDocument(build.esbuild, join("src/views", page)));
    });
  },
};

/** @throws Error for what would end its element within the document */
export async function wholeDocument(esbuild: Esbuild, page: string): Promise<string> {
  const bundled = async (file: string, end: RegExp): Promise<string> => {
    const entry = join(dirname(page), file);
    const { outputFiles } = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      target: "es2022",
      charset: "utf8",
      logLevel: "error",
    });
    const text = outputFiles[0]?.text.trim() ?? "";
    const early = end.exec(text)?.[0];
    if (early !== undefined) throw new Error(`${entry} has ${early} in it, which would end it within ${page}.`);
    return text;
  };
  const parts: string[] = [];
  const source = readFileSync(page, "utf8");
  for (const [, file] of source.matchAll(STYLE)) parts.push(await bundled(file as string, /<\/style/i));
  for (const [, file] of source.matchAll(SCRIPT)) parts.push(await bundled(file as string, /<\/script|<!--/i));
  let at = 0;
  return source
    .replace(STYLE, () => `<style>${parts[at++]}</style>`)
    .replace(SCRIPT, () => `<script type="module">${parts[at++]}</script>`);
}
