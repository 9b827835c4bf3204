/** The site: the API reference from the built types' comments, then every page. Needs core built; no network. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const run = (script: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(here, "node_modules", script), ...args], { cwd: here, stdio: "inherit" });

rmSync(join(here, "api"), { recursive: true, force: true });
run("typedoc/bin/typedoc", "--logLevel", "Warn", "--treatWarningsAsErrors");
nameAsImported(join(here, "api"));
run("vitepress/bin/vitepress.js", "build");

/** Pages are called what one imports: typedoc calls the main entry "index", the name that a site gives to its start. */
function nameAsImported(folder: string): void {
  rmSync(join(folder, "modules.md"));
  for (const file of readdirSync(folder)) {
    const name = file === "index.md" ? "core" : file.replace(/\.md$/, "");
    const entry = name === "core" ? "@offshoot/core" : `@offshoot/core/${name}`;
    const text = readFileSync(join(folder, file), "utf8")
      .replace(/^# .*/, `# ${entry}`)
      .replaceAll("](index.md", "](core.md");
    rmSync(join(folder, file));
    writeFileSync(join(folder, `${name}.md`), text);
  }
}
