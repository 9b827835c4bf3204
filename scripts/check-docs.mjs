/**
 * Keeps the documents true: every TypeScript fence is a region of a file that the tests run, every JSON fence is one too
 * or at least JSON (a client's settings), any other fence is what its source says where it names one (the output of a
 * command), every link inside the repository leads somewhere, to a heading too, and the README leads to every page of docs/.
 * `--write` copies the sources into the documents.
 *
 * A fence names its source in a comment above it: `<!-- packages/core/test/docs/greeter.ts#server -->`; without a
 * region, the whole file. The lines that import from the test's own folder stay as they are.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const write = process.argv.includes("--write");
const documents = ["*.md", "docs/**/*.md", "packages/*/*.md", "packages/*/bench/*.md", "templates/*/*.md"]
  .flatMap((pattern) => globSync(pattern, { exclude: (name) => name === "node_modules" }))
  .filter((file) => !file.endsWith("CHANGELOG.md"));
const problems = [];
let checked = 0;

function regionOf(source) {
  const [file, region] = source.split("#");
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  if (region === undefined) return text.trimEnd();
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`);
  const length = lines.slice(start + 1).findIndex((line) => line.trim() === "// #endregion");
  return start === -1 || length === -1 ? undefined : dedent(lines.slice(start + 1, start + 1 + length));
}

/** A fence that is not closed swallows the next one, and nothing in either is checked: such a document is not written. */
function checkClosed(file, text) {
  const before = problems.length;
  let opened;
  for (const [index, line] of text.split("\n").entries()) {
    const [, info] = /^\s*```+(.*)$/.exec(line) ?? [];
    if (info === undefined) continue;
    if (opened === undefined) {
      opened = index + 1;
    } else {
      if (info.trim() !== "")
        problems.push(`${file}:${index + 1}: \`\`\`${info} stands inside the fence of line ${opened}.`);
      opened = undefined;
    }
  }
  if (opened !== undefined) problems.push(`${file}:${opened}: the fence is not closed.`);
  return problems.length === before;
}

function checkFences(file, text) {
  return text.replace(
    /(<!-- (\S+) -->\n)?```(\w*)\n(?:([\s\S]*?)\n)??```$/gm,
    (whole, comment, source, language, code) => {
      if (comment === undefined && language !== "ts" && language !== "json") return whole;
      checked += 1;
      const line = text.slice(0, text.indexOf(whole)).split("\n").length;
      if (comment === undefined && language === "json" && isJson(code)) return whole;
      if (comment === undefined) {
        problems.push(`${file}:${line}: a ${language} fence without a source. Put <!-- file#region --> above it.`);
        return whole;
      }
      const region = regionOf(source);
      if (region === undefined) {
        problems.push(`${file}:${line}: ${source} is not there.`);
      } else if (region !== code) {
        if (write) return `${comment}\`\`\`${language}\n${region}\n\`\`\``;
        problems.push(`${file}:${line}: differs from ${source}. Run node scripts/check-docs.mjs --write.`);
      }
      return whole;
    },
  );
}

function dedent(lines) {
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return lines
    .map((line) => line.slice(margin))
    .join("\n")
    .trim();
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkLinks(file, text) {
  for (const [, target, heading] of text.matchAll(/\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)]*))?\)/g)) {
    checked += 1;
    const to = target === "" ? file : join(dirname(file), target);
    if (!existsSync(to)) problems.push(`${file}: the link to ${target} leads nowhere.`);
    else if (heading !== undefined && !headingsOf(to).includes(heading))
      problems.push(`${file}: ${target} has no heading #${heading}.`);
  }
}

/** The headings of a page, as addresses have them. */
const headingsOf = (file) =>
  [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

for (const file of documents) {
  const text = readFileSync(file, "utf8");
  if (checkClosed(file, text)) {
    const next = checkFences(file, text);
    if (next !== text) writeFileSync(file, next);
  }
  checkLinks(file, text);
}
const readme = readFileSync("README.md", "utf8");
for (const page of globSync("docs/*.md").map((path) => path.replaceAll("\\", "/")))
  if (!readme.includes(`](${page}`)) problems.push(`README.md does not lead to ${page}.`);
for (const problem of problems) console.error(problem);
console.log(`${documents.length} documents, ${checked} fences and links checked, ${problems.length} problems`);
process.exitCode = problems.length === 0 && checked > 0 ? 0 : 1;
