// Whether this project holds together, in a tenth of a second: every file parses, and every name that one imports from
// another is there. A whole test run for each of hundreds of merges would take hours.
import { existsSync, globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";

process.removeAllListeners("warning").on("warning", () => {});
const files = [...globSync("src/**/*.ts"), ...globSync("test/**/*.ts")];
if (files.length < 50) throw new Error(`Error: only ${files.length} files`);
const texts = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
for (const text of texts.values()) stripTypeScriptTypes(text);
for (const [file, text] of texts) {
  for (const [, names, specifier] of text.matchAll(/^(?:import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm)) {
    const target = join(dirname(file), specifier);
    if (!existsSync(target)) throw new Error(`Error: ${file} imports ${specifier}, which is not there`);
    for (const name of names.split(",").map(
      (part) =>
        part
          .trim()
          .replace(/^type /, "")
          .split(" as ")[0],
    )) {
      const exported = new RegExp(
        `^export (?:async )?(?:const|let|function\\*?|class|type|interface|abstract class) ${name}\\b`,
        "m",
      );
      const passedOn = new RegExp(`^export (?:type )?\\{[^}]*\\b${name}\\b`, "m");
      if (name && !exported.test(texts.get(target) ?? "") && !passedOn.test(texts.get(target) ?? ""))
        throw new Error(`Error: ${file} imports ${name}, which ${target} does not export`);
    }
  }
  for (const [, specifier] of text.matchAll(/(?:^import |import\()"(\.[^"]+)"/gm))
    if (!existsSync(join(dirname(file), specifier)))
      throw new Error(`Error: ${file} imports ${specifier}, which is not there`);
}
