/** The site: the API reference from the built types' comments, then every page. Needs core built; no network. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const run = (script: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(here, "node_modules", script), ...args], { cwd: here, stdio: "inherit" });

/** What typedoc calls by its file, and one imports by another name; "index" is also what a site calls its start. */
const IMPORTED = new Map([
  ["index", "core"],
  ["views", "view"],
]);

rmSync(join(here, "api"), { recursive: true, force: true });
run("typedoc/bin/typedoc", "--logLevel", "Warn", "--treatWarningsAsErrors");
nameAsImported(join(here, "api"));
run("vitepress/bin/vitepress.js", "build");

/** Pages are called what one imports. */
function nameAsImported(folder: string): void {
  rmSync(join(folder, "modules.md"));
  for (const file of readdirSync(folder)) {
    const made = file.replace(/\.md$/, "");
    const name = IMPORTED.get(made) ?? made;
    const entry = name === "core" ? "@offshoot/core" : `@offshoot/core/${name}`;
    const text = readFileSync(join(folder, file), "utf8")
      .replace(/^# .*/, `# ${entry}`)
      .replaceAll(/\]\((\w+)\.md/g, (_link, page) => `](${IMPORTED.get(page) ?? page}.md`);
    rmSync(join(folder, file));
    writeFileSync(join(folder, `${name}.md`), text);
  }
}
