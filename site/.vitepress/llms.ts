import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `llms.txt` lists the guides, `llms-full.txt` holds them whole: what a model reads in the place of the pages. */
export function writeForModels(repository: string, pages: string[], outDir: string): void {
  const guides = pages
    .filter((page) => !page.startsWith("site/api/"))
    .sort((a, b) => Number(b === "README.md") - Number(a === "README.md") || a.localeCompare(b))
    .map((page) => ({ page, text: readFileSync(join(repository, page), "utf8") }));
  const list = guides.map(({ page, text }) => {
    const title = /^# (.+)/m.exec(text)?.[1] ?? page;
    return `- [${title}](/${page.replace(/(^|\/)README\.md$/, "$1").replace(/\.md$/, "")})`;
  });
  writeFileSync(
    join(outDir, "llms.txt"),
    `# Offshoot\n\n> MCP server starters that you can fork and keep up to date.\n\n## Pages\n\n${list.join("\n")}\n`,
  );
  const whole = guides.map(({ page, text }) => `<!-- ${page} -->\n\n${text.trim()}\n`);
  writeFileSync(join(outDir, "llms-full.txt"), whole.join("\n\n"));
}
