/**
 * `npm start [-- <template> [--auth]]`: installs and builds, makes a real copy of a template as a user would, starts its
 * built server the way a client would, holds a short real session with it, and prints how to connect a client of yours. The
 * copy and its data are in the ignored folder `sandbox/`. With `--auth`, another session goes over HTTP behind OAuth.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { authTour, hasAuthTour } from "./auth-tour.mjs";
import { tour } from "./tour.mjs";

const terminal = process.stdout.isTTY === true;
// Git makes no commit without a name, and may not have been told one here.
const env = { GIT_AUTHOR_NAME: "Offshoot", GIT_AUTHOR_EMAIL: "sandbox@localhost", ...process.env };
env.GIT_COMMITTER_NAME ??= env.GIT_AUTHOR_NAME;
env.GIT_COMMITTER_EMAIL ??= env.GIT_AUTHOR_EMAIL;
const templates = readdirSync("templates").filter((name) => existsSync(`templates/${name}/package.json`));
const words = process.argv.slice(2);
const template = words.find((word) => !word.startsWith("--")) ?? "notes";
const wrong = words.find((word) => word.startsWith("--") && word !== "--auth");
if (wrong !== undefined) {
  console.error(`There is no ${wrong}. Next: npm start -- ${template} --auth`);
  process.exit(2);
}
if (words.includes("--auth") && !hasAuthTour(template)) {
  console.error(`${template} has no scopes to show. Next: npm start -- notes --auth`);
  process.exit(2);
}
if (!templates.includes(template)) {
  console.error(`There is no template "${template}". Choose one of: ${templates.join(", ")}`);
  process.exit(2);
}

/** Runs a command with one line of progress; its output is shown only when it fails. */
async function quietly(title, command, cwd = ".") {
  const since = Date.now();
  const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
  let frame = 0;
  const draw = () => process.stdout.write(`\r${frames[frame++ % frames.length]} ${title} …`);
  const spinner = terminal ? setInterval(draw, 80) : undefined;
  // A shell, for Windows' sake: there the tools are .cmd files.
  const child = spawn(command, { shell: true, cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((done) => child.on("close", done));
  clearInterval(spinner);
  if (terminal) process.stdout.write("\r\x1b[K");
  console.log(`${code === 0 ? "✓" : "✗"} ${title} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
  if (code === 0) return;
  console.error(`\n${output}\n${title} failed, see above. Next: \`npm test\` names what is wrong step by step.`);
  process.exit(1);
}

await quietly("install", "pnpm install --frozen-lockfile");
await quietly("build core and create-offshoot", "turbo run build --output-logs=errors-only --filter=create-offshoot");

const project = resolve("sandbox", `my-${template}`);
if (isTouched(project)) {
  console.log(
    `✓ sandbox/my-${template} stays as it is, since it may hold work of yours; delete it to have a fresh one`,
  );
} else {
  rmSync(project, { recursive: true, force: true });
  const copy = `sandbox/my-${template} --template ${template} --core pack --install --pm pnpm --git --json`;
  await quietly(`a copy in sandbox/my-${template}`, `node packages/create/dist/main.js ${copy}`);
}
const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
if (manifest.scripts.build) await quietly("build the copy", "pnpm run build", project);

const main = join(project, Object.values(manifest.bin)[0]);
const data = resolve("sandbox", template);
mkdirSync(data, { recursive: true });
// The folders that filesystem works in are arguments; only notes keeps something of its own.
const args = [main, ...({ filesystem: [data], notes: ["--data", data] }[template] ?? [])];
try {
  await tour(template, process.execPath, args, data);
  if (words.includes("--auth")) await authTour(template, args);
} catch (error) {
  console.error(`\nThe session with sandbox/my-${template} failed: ${error.message}`);
  process.exit(1);
}
// Its libraries are there only now.
const { clients } = await import("../packages/create/src/connect/clients.ts");
const place = {
  minimal: "with --glossary <file or address> it reads terms of yours",
  notes: "without --data it keeps its notes in its own place instead of sandbox/notes",
  filesystem: "put folders of your own in the place of sandbox/filesystem",
  "http-api": "with --api <openapi file> --base-url <url> it stands before an API of yours",
}[template];
const create = "node packages/create/dist/main.js";
const own = args.slice(1).map((arg) => (/\s/.test(arg) ? JSON.stringify(arg) : arg));
const others = Object.keys(clients).filter((name) => name !== "claude-code");
console.log(`
That was a real client with the server in sandbox/my-${template}. For Claude Code${place ? ` (${place})` : ""}:

  ${clients["claude-code"].command(template, { command: process.execPath, args })}

Other clients: cd sandbox/my-${template} && ${create.replace("packages", "../../packages")} connect <${others.join("|")}>${own.length > 0 ? ` -- ${own.join(" ")}` : ""}
By hand:       npx -y @modelcontextprotocol/inspector@2 -- ${[process.execPath, ...args].join(" ")}
Next:          ${create} ../my-server --template ${template}   makes a project of your own; its README.md says what to change first`);

/** Whether a copy was changed. One without a repository cannot tell. */
function isTouched(folder) {
  if (!existsSync(folder)) return false;
  const git = (...args) => spawnSync("git", args, { cwd: folder, encoding: "utf8" }).stdout?.trim();
  if (!existsSync(join(folder, ".git"))) return existsSync(join(folder, "package.json"));
  return git("status", "--porcelain") !== "" || git("rev-list", "--count", "HEAD") !== "1";
}
