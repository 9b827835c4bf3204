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
    return `- [${title}](/${page.replace(/(^|\/)README\.md$/, "$1").replace(/\.md$/, "")}): ${firstSentence(text)}`;
  });
  writeFileSync(
    join(outDir, "llms.txt"),
    `# Offshoot\n\n> MCP server starters that you can fork and keep up to date.\n\n## Pages\n\n${list.join("\n")}\n`,
  );
  const whole = guides.map(({ page, text }) => `<!-- ${page} -->\n\n${text.trim()}\n`);
  writeFileSync(join(outDir, "llms-full.txt"), whole.join("\n\n"));
}

/** What a page is about, by its own words: titles alone do not tell a model which one to read. */
function firstSentence(text: string): string {
  const [paragraph = ""] = text.split("\n\n").filter((block) => /^[\w`"*[]/.test(block));
  const plain = paragraph.replaceAll("\n", " ").replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1");
  return /^.*?[.?](?= |$)/.exec(plain)?.[0] ?? plain;
}
