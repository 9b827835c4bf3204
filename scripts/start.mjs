/**
 * `npm start [-- <template>]`: installs and builds, starts the built server the way a client would, holds a short real
 * session with it, and prints how to connect your own client. Its data goes to the ignored folder `sandbox/`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { snippets } from "./snippets.mjs";
import { tour } from "./tour.mjs";

const terminal = process.stdout.isTTY === true;
const templates = readdirSync("templates").filter((name) => existsSync(`templates/${name}/package.json`));
const template = process.argv[2] ?? "notes";
if (!templates.includes(template)) {
  console.error(`There is no template "${template}". Choose one of: ${templates.join(", ")}`);
  process.exit(2);
}

/** Runs a command with one line of progress; its output is shown only when it fails. */
async function quietly(title, command) {
  const since = Date.now();
  const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
  let frame = 0;
  const draw = () => process.stdout.write(`\r${frames[frame++ % frames.length]} ${title} …`);
  const spinner = terminal ? setInterval(draw, 80) : undefined;
  // A shell, for Windows' sake: there the tools are .cmd files.
  const child = spawn(command, { shell: true, stdio: ["ignore", "pipe", "pipe"] });
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
await quietly("build", `turbo run build --output-logs=errors-only --filter=./templates/${template}`);

const main = resolve("templates", template, "dist/main.js");
const data = resolve("sandbox", template);
mkdirSync(data, { recursive: true });
// The folders that filesystem works in are arguments; other servers keep data of their own.
const args = template === "filesystem" ? [main, data] : [main, "--data", data];
try {
  await tour(template, process.execPath, args, data);
} catch (error) {
  console.error(`\nThe session with templates/${template} failed: ${error.message}`);
  process.exit(1);
}
console.log(snippets(template, process.execPath, args));
