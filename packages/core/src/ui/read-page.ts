import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

/** The page out of its sources. In the package this whole module is the finished text: see tsup.config.ts. */
export function readPage(): string {
  const read = (file: string): string => readFileSync(new URL(`page/${file}`, import.meta.url), "utf8");
  return read("page.html")
    .replace('<link rel="stylesheet" href="page.css" />', () => `<style>${read("page.css")}</style>`)
    .replace(
      '<script type="module" src="page.ts"></script>',
      () => `<script type="module">${stripTypeScriptTypes(read("page.ts"))}</script>`,
    );
}
