/**
 * What would be published, checked on the packed tarballs: publint, types (attw), the files, and that a template stands on
 * its own, since people copy it out of here. Needs a build. The last line carries the sums.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { promisify } from "node:util";

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const lines = (text) => text.split("\n").filter(Boolean);
const destination = mkdtempSync(join(tmpdir(), "offshoot-pack-"));
const sums = { passed: 0, failed: 0 };

function check(name, problems) {
  sums[problems.length > 0 ? "failed" : "passed"] += 1;
  if (problems.length > 0) console.log(`✗ ${name}\n${problems.map((problem) => `    ${problem}`).join("\n")}`);
}

/** The output of a command; what it printed when it failed is in `error.output`. */
async function run(command, args, options) {
  // A shell on Windows, where the tools are .cmd files.
  const running = promisify(execFile)(command, args, {
    shell: process.platform === "win32",
    maxBuffer: 1e8,
    ...options,
  });
  try {
    return (await running).stdout;
  } catch (error) {
    throw Object.assign(error, { output: `${error.stdout}${error.stderr}` });
  }
}
const complaints = (command, args) =>
  run(command, args).then(
    () => [],
    (error) => lines(error.output),
  );

async function pack(folder) {
  const { filename, files } = JSON.parse(
    await run("pnpm", ["pack", "--json", "--pack-destination", destination], { cwd: folder }),
  );
  return { tarball: filename, files: files.map((file) => file.path.replaceAll("\\", "/")) };
}

/** The paths that a manifest promises: its bins and exports. */
function promised({ bin = {}, exports = {} }) {
  const paths = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(paths));
  return [...paths(bin), ...paths(exports)].map((path) => path.replace(/^\.\//, ""));
}

async function packed(folder) {
  const manifest = read(`${folder}/package.json`);
  const { tarball, files } = await pack(folder);
  const lost = promised(manifest).filter((path) => !files.includes(path));
  check(
    `${manifest.name}: its bins and exports are packed`,
    lost.map((path) => `${path} is missing (is it built?)`),
  );
  check(`${manifest.name}: publint`, await complaints("publint", ["run", tarball, "--strict"]));
  if (Object.keys(manifest.exports ?? {}).length > 0) {
    check(`${manifest.name}: types resolve`, await complaints("attw", [tarball, "--profile", "esm-only"]));
  }
  return { manifest, files };
}

/** Files that a copy would miss, and files that nobody checked in. */
async function unequal(folder, files) {
  const listed = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: folder });
  const inGit = lines(listed).filter((file) => existsSync(join(folder, file)));
  const made = (file) => file.startsWith("dist/") || file === "LICENSE"; // pnpm adds the root's licence
  return [
    ...inGit.filter((file) => !files.includes(file)).map((file) => `${file} is in git and not packed: see "files"`),
    ...files.filter((file) => !inGit.includes(file) && !made(file)).map((file) => `${file} is packed and not in git`),
  ];
}

function outside(folder, files) {
  const imports = /(?:from|import\(?|require\(|"extends":)\s*["'](\.\.?\/[^"']*)["']/g;
  const home = resolve(folder) + sep;
  return files
    .filter((file) => /\.(ts|js|mjs|json)$/.test(file) && !file.startsWith("dist/"))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), "utf8").matchAll(imports)]
        .filter(([, path]) => !resolve(folder, dirname(file), path).startsWith(home))
        .map(([, path]) => `${file} reaches for ${path}, which a copy does not have`),
    );
}

/** Whether `^a.b.c` lets `version` in. */
function allows(range, version) {
  const [wanted, given] = [range.replace("^", ""), version].map((text) => text.split(".").map(Number));
  const fixed = wanted[0] === 0 ? 2 : 1;
  const same = wanted.slice(0, fixed).every((number, index) => number === given[index]);
  return range.startsWith("^") && same && (fixed === 2 ? given[2] >= wanted[2] : given[1] >= wanted[1]);
}

function coreOf(folder, { dependencies = {} }) {
  const version = read("packages/core/package.json").version;
  const range = dependencies["@offshoot/core"] ?? "nothing";
  const linked = realpathSync(`${folder}/node_modules/@offshoot/core`);
  return [
    ...(allows(range, version) ? [] : [`it depends on core by ${range}, which does not let ${version} in`]),
    ...(linked === realpathSync("packages/core") ? [] : [`it is tested with the core in ${linked}`]),
  ];
}

async function template(folder) {
  const { manifest, files } = await packed(folder);
  const { name, version, dependencies, devDependencies } = manifest;
  const foreign = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, range]) => !/^[\^~]?\d/.test(range),
  );
  check(
    `${name}: only plain ranges`,
    foreign.map(([other, range]) => `${other}: "${range}" breaks in a copy`),
  );
  check(`${name}: git files equal packed files`, await unequal(folder, files));
  check(
    `${name}: nothing outside its folder`,
    outside(
      folder,
      files.filter((file) => existsSync(join(folder, file))),
    ),
  );
  check(`${name}: depends on the core beside it`, coreOf(folder, manifest));
  const base = existsSync(`${folder}/offshoot.json`) ? read(`${folder}/offshoot.json`).version : "missing";
  check(`${name}: offshoot.json`, base === version ? [] : [`its version is ${base}, the package's ${version}`]);
}

const within = (parent) =>
  readdirSync(parent)
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(`${folder}/package.json`));
try {
  await Promise.all([
    ...within("packages")
      .filter((folder) => !read(`${folder}/package.json`).private)
      .map(packed),
    ...within("templates").map(template),
  ]);
} catch (error) {
  check("packing", [error.output || error.stack]);
} finally {
  rmSync(destination, { recursive: true, force: true });
}
console.log(`${sums.passed} passed, ${sums.failed} failed`);
process.exitCode = sums.failed > 0 ? 1 : 0;
