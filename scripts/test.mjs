/**
 * `npm test`: everything that must hold, one line a step, the whole output of what failed, and the sums on the last line.
 *
 * Sums are counted, never estimated: vitest's own report for each package, `N passed, N failed` from a step that ends
 * with such a line, and one for any other step.
 */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const started = Date.now();
const terminal = process.stdout.isTTY === true;
const report = "node_modules/.cache/vitest.json"; // in each package; turbo keeps it with the cached run
const total = { passed: 0, failed: 0, skipped: 0 };

// Hundreds of folders are made, and a test that is stopped leaves its own: all are in one that goes with the run.
const folder = mkdtempSync(join(tmpdir(), "offshoot-"));
chmodSync(folder, 0o711); // Postgres, which does not run as root, has to get through
process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const env = {
  ...process.env,
  TMPDIR: folder,
  TURBO_TELEMETRY_DISABLED: "1",
  // Part of turbo's cache key: a run on another Node is another run.
  OFFSHOOT_NODE: process.version,
  // Every generated case and every wire. The ordinary run takes a strong sample of them.
  ...(process.argv.includes("--long") ? { OFFSHOOT_LONG: "1" } : {}),
  ...(terminal && !process.env.NO_COLOR ? { FORCE_COLOR: "1" } : {}),
};

function run(command) {
  return new Promise((resolve) => {
    // A shell, for Windows' sake: there the tools are .cmd files.
    const child = spawn(command, { shell: true, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("close", (code) => resolve({ ok: code === 0, output: output.trimEnd() }));
  });
}

const seconds = (ms) => (ms / 1000).toFixed(1);
const sums = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;

function line(name, counts, took, output = "") {
  for (const key of ["passed", "failed", "skipped"]) total[key] += counts[key] ?? 0;
  if (terminal) process.stdout.write("\r\x1b[K");
  console.log(`${counts.failed ? "✗" : "✓"} ${name.padEnd(44)} ${seconds(took).padStart(6)} s`);
  if (counts.failed) console.log(`\n${output}\n`);
}

/** Runs one step and counts it; true when it passed. */
async function step(name, command) {
  if (terminal) process.stdout.write(`… ${name}`);
  const since = Date.now();
  const { ok, output } = await run(command);
  const lastLine = stripVTControlCharacters(output).split("\n").at(-1) ?? "";
  const own = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(lastLine.trim());
  const counts = own
    ? { passed: Number(own[1]), failed: Number(own[2]), skipped: Number(own[3] ?? 0) }
    : { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  if (!ok && !counts.failed) counts.failed = 1;
  line(
    own ? `${name}: ${sums(counts)}` : name,
    counts,
    Date.now() - since,
    output || `${command} failed without a word`,
  );
  return ok;
}

function readReport(folder) {
  if (!existsSync(`${folder}/${report}`)) return { passed: 0, failed: 1 };
  const read = JSON.parse(readFileSync(`${folder}/${report}`, "utf8"));
  const { success, numPassedTests, numFailedTests, numPendingTests, numTodoTests, startTime, testResults } = read;
  // A file that does not even load has no tests to count, and a run without tests proves nothing.
  const failed = numFailedTests || (success && numPassedTests > 0 ? 0 : 1);
  const took = Math.max(0, ...testResults.map((file) => file.endTime - startTime));
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests, took };
}

/** Every vitest suite, through turbo; one line a package. */
async function suites(flags) {
  const folders = ["packages", "templates"]
    .flatMap((parent) => readdirSync(parent).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(`${folder}/package.json`))
    .filter((folder) => JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).scripts?.test);
  for (const folder of folders) rmSync(`${folder}/${report}`, { force: true });
  if (terminal) process.stdout.write("… tests");
  const since = Date.now();
  // Left alone, vitest keeps a core free, which is half of two.
  const options = `--maxWorkers=100% --reporter=default --reporter=json --outputFile.json=${report}`;
  // Two packages at a time: tests also wait, and the last file of one would leave a core with nothing to do.
  const { ok, output } = await run(`turbo run test --concurrency=2 ${flags} -- ${options}`);
  const results = folders.map((folder) => ({ folder, counts: readReport(folder) }));
  let shown = false;
  for (const { folder, counts } of results) {
    line(`tests in ${folder}: ${sums(counts)}`, counts, counts.took ?? 0, shown ? "(see above)" : output);
    shown ||= counts.failed > 0;
  }
  if (!ok && !shown) line("tests", { failed: 1 }, Date.now() - since, output);
}

async function all() {
  const flags = `--output-logs=errors-only --log-order=grouped --continue=dependencies-successful${process.env.CI ? " --force" : ""}`;
  if (!(await step("install", "pnpm install --frozen-lockfile"))) {
    console.log(
      "A changed dependency? Without pnpm: node scripts/bootstrap.mjs exec pnpm install --no-frozen-lockfile",
    );
    return;
  }
  await step("lint and format (biome)", "biome check --error-on-warnings");
  await step("unused code (knip)", "knip");
  await step("build", `turbo run build ${flags}`);
  await step("types", `turbo run types ${flags}`);
  await suites(flags);
  const conformance = "packages/core/test/conformance/run.ts";
  if (existsSync(conformance)) await step("conformance", `node ${conformance}`);
  for (const file of readdirSync("scripts").filter((name) => /^check-.*\.mjs$/.test(name))) {
    await step(basename(file, ".mjs").replace("-", " "), `node scripts/${file}`);
  }
}

await all();
console.log(`\nin ${seconds(Date.now() - started)} s`);
console.log(sums(total));
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
