import { existsSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { writeForModels } from "./llms.ts";
import { checkSidebar, sidebar } from "./sidebar.ts";

/** The texts stay where they are in the repository; here is only what makes pages of them. */
const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Where the files are that are no pages, when this is built for a published repository. */
const sources = process.env.GITHUB_REPOSITORY
  ? `https://github.com/${process.env.GITHUB_REPOSITORY}/blob/main/`
  : undefined;

/** What Vite hands to a plugin. */
interface Resolver {
  resolve(id: string, from: string, options: { skipSelf: boolean }): Promise<{ id: string } | null>;
}

/**
 * Pages lie outside of this package, where its packages are not found: they import Vue as a file of this package would.
 * An alias to a file would give the browser the build for Node.
 */
const vueForPages = {
  name: "vue-for-pages",
  enforce: "pre" as const,
  resolveId(this: Resolver, id: string, importer?: string) {
    const fromPage = importer?.endsWith(".md") || importer?.includes(".md?");
    return fromPage && /^vue(?:\/|$)/.test(id)
      ? this.resolve(id, fileURLToPath(import.meta.url), { skipSelf: true })
      : undefined;
  },
};

export default defineConfig({
  title: "Offshoot",
  description: "MCP server starters that you can fork and keep up to date",
  lang: "en",
  // Without one, browsers ask for a /favicon.ico that is not there.
  head: [["link", { rel: "icon", href: "data:," }]],
  base: process.env.SITE_BASE ?? "/",
  srcDir: "..",
  outDir: join(repository, "site/dist"),
  cacheDir: join(repository, "site/.vitepress/cache"),
  cleanUrls: true,
  metaChunk: true,
  rewrites: {
    "README.md": "index.md",
    "docs/runbooks/README.md": "docs/runbooks/index.md",
    "packages/:name/README.md": "packages/:name/index.md",
    "packages/:name/bench/README.md": "packages/:name/bench/index.md",
    "templates/:name/README.md": "templates/:name/index.md",
    "site/api/:page*": "api/:page*",
  },
  srcExclude: [
    "**/{AGENTS,CLAUDE,CHANGELOG,CONTRIBUTING}.md",
    "**/{node_modules,dist,sandbox,test}/**",
    ".*/**",
    "site/*.md",
  ],
  vite: { plugins: [vueForPages] },
  markdown: {
    config: (md) => {
      md.core.ruler.push("repository-links", ({ tokens, env }) => {
        // The place in the repository: `relativePath` is the page's.
        const from = dirname(relative(repository, env.realPath ?? env.path));
        for (const token of tokens.flatMap(({ children }) => children ?? []))
          if (token.type === "link_open") token.attrSet("href", hrefOf(from, token.attrGet("href") ?? ""));
      });
    },
  },
  themeConfig: {
    search: { provider: "local", options: { miniSearch: { searchOptions: { boostDocument } } } },
    nav: [
      { text: "Start", link: "/" },
      { text: "Guides", link: "/docs/writing-a-tool" },
      { text: "Templates", link: "/templates/minimal/" },
      { text: "API", link: "/api/core" },
    ],
    sidebar,
    outline: [2, 3],
  },
  buildEnd({ pages, outDir }) {
    checkSidebar(pages);
    writeForModels(repository, pages, outDir);
  },
});

/** What one looks for is in a guide more often than in the reference. */
function boostDocument(id: string): number {
  return id.startsWith("/api/") ? 0.3 : 1;
}

/** A link between files of the repository, as one between pages: a folder or a README is a page, other files are sources. */
function hrefOf(from: string, href: string): string {
  const [path = "", anchor] = href.split("#");
  if (path === "" || /^[a-z]+:/i.test(path) || path.startsWith("/")) return href;
  const target = posix.join(from, path);
  const file = join(repository, target);
  const hash = anchor === undefined ? "" : `#${anchor}`;
  if (!existsSync(file)) return href;
  const folder = statSync(file).isDirectory()
    ? target
    : posix.basename(target) === "README.md"
      ? posix.dirname(target)
      : "";
  if (folder !== "" && existsSync(join(repository, folder, "README.md")))
    return `/${folder === "." ? "" : `${folder.replace(/\/$/, "")}/`}${hash}`;
  const page = target.endsWith(".md") && !/(AGENTS|CONTRIBUTING|CHANGELOG)\.md$/.test(target);
  if (page) return `/${target.replace(/\.md$/, "")}${hash}`;
  return sources === undefined ? `/` : `${sources}${target}${hash}`;
}
