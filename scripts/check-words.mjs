/**
 * Keeps the English plain: words and turns that people who read English as a second language stumble over are found by
 * this list, in code, comments, texts and documents. A test's title is a sentence, without the id of an outside list.
 * A command that is shown runs in every shell.
 */
import { globSync, readFileSync } from "node:fs";

/** Each word, and what to say instead. */
const WORDS = {
  anew: "again",
  "somebody|somebody's": "someone, or who it is: the user, a client",
  "everybody|everybody's": "everyone, or who it is",
  "who(ever|soever)": "anyone who, or who it is",
  "for want of": "without, because there is no …",
  "h[oe]ld against": "validated against, compared with",
  "is none of": "is not",
  "by what it is": "by exact value",
  "of late": "recent, moving average",
  "behind the reader": "in the background",
  "good for": "usable for",
  "said no": "rejected, refused",
  "is another now": "changed",
  "is had": "exists",
  // A bare name is whatever package a stranger publishes under it.
  "npx offshoot": "npx create-offshoot",
};
const FOLDERS = ["packages", "templates", "docs", "scripts", ".changeset", ".github"];
const SKIPPED = ["node_modules", "dist", "CHANGELOG.md", "check-words.mjs"];

const words = new RegExp(`\\b(${Object.keys(WORDS).join("|")})\\b`, "gi");
const insteadOf = (found) => Object.entries(WORDS).find(([word]) => new RegExp(`^(${word})$`, "i").test(found))?.[1];
/** `PORT=1 npm start`: a command for some shells alone, neither cmd nor PowerShell knows it. */
const unixOnly = /(?:^|[\s"'`(])([A-Z][A-Z0-9_]{2,}=\S+ +(?:npm|npx|pnpm|yarn|bun|node|vitest|(?:create-)?offshoot)) /;
/** `test("R23 a burst …`, and a title in a table of cases. */
const numbered = /(?:(?:test|describe|it)\b.*|^\s*\[?)["'`](?:[^"'`]* \(?)?([A-Z]\d{2})[): ,]/;

const READ = "{*.{ts,mjs,js,md,html,css,json,yml,yaml,conf,cfg,service},Dockerfile,Caddyfile}";
const files = [...FOLDERS.map((folder) => `${folder}/**/${READ}`), "*.md"].flatMap((pattern) =>
  globSync(pattern, { exclude: (path) => SKIPPED.some((name) => path.split(/[\\/]/).includes(name)) }),
);
const problems = [];
for (const file of files) {
  for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
    for (const [found] of line.matchAll(words))
      problems.push(`${file}:${index + 1}: "${found}". Say: ${insteadOf(found)}.`);
    const [, command] = unixOnly.exec(line) ?? [];
    if (command !== undefined) problems.push(`${file}:${index + 1}: "${command}" does not run in every shell.`);
    const [, id] = (file.endsWith(".test.ts") && numbered.exec(line)) || [];
    if (id !== undefined) problems.push(`${file}:${index + 1}: the title begins with "${id}". Say what must hold.`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`${files.length} files read, ${problems.length} words to change`);
process.exitCode = problems.length === 0 && files.length > 0 ? 0 : 1;
