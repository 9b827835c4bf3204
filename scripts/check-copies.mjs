/**
 * A template is copied out of here, by people and by tools: it has to stand alone, and what is tested here has to be what a
 * copy gets. Run in the folder that holds `packages/` and `templates/`, after an install.
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { checks, lines, packagesIn, read, run } from "./checking.mjs";

/** `workspace:` and `catalog:` mean nothing outside; a path or an address is not everyone's. */
const foreignRanges = ({ dependencies, devDependencies, peerDependencies, optionalDependencies }) =>
  Object.entries({ ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies })
    .filter(([, range]) => !/^(?:[\^~]|>=)?\d/.test(range))
    .map(([name, range]) => `${name}: "${range}" breaks in a copy`);

/** Whether `^a.b.c` lets `version` in. */
function allows(range, version) {
  const [wanted, given] = [range.replace("^", ""), version].map((text) => text.split(".").map(Number));
  const fixed = wanted[0] === 0 ? 2 : 1;
  const same = wanted.slice(0, fixed).every((number, index) => number === given[index]);
  return range.startsWith("^") && same && (fixed === 2 ? given[2] >= wanted[2] : given[1] >= wanted[1]);
}

function rangeOfCore({ dependencies = {} }) {
  const { version } = read("packages/core/package.json");
  const range = dependencies["@offshoot/core"];
  if (range === undefined) return ["core is not among its dependencies, where alone a release rewrites the range"];
  return allows(range, version) ? [] : [`it depends on core by ${range}, which does not let ${version} in`];
}

/** A stale range or a lost override would quietly test a core that was published long ago. */
function linkedCore(folder) {
  const linked = `${folder}/node_modules/@offshoot/core`;
  if (!existsSync(linked)) return ["core is not installed beside it"];
  const real = realpathSync(linked);
  return real === realpathSync("packages/core") ? [] : [`it is tested with the core in ${real}`];
}

/** Files that a copy from npm would miss, and files that nobody checked in. */
function unequal(inGit, files) {
  const made = (file) => file.startsWith("dist/") || file === "LICENSE"; // pnpm adds the root's licence
  return [
    ...inGit.filter((file) => !files.includes(file)).map((file) => `${file} is in git and not packed: see "files"`),
    ...files.filter((file) => !inGit.includes(file) && !made(file)).map((file) => `${file} is packed and not in git`),
  ];
}

/** How a file of a kind names another one by a relative path. */
const references = [
  [/\.[cm]?[jt]s$/, /(?:from|import\(?|require\(|new URL\()\s*["'](\.\.?\/[^"']*)["']/g],
  [/\.json$/, /"(\.\.\/[^"]*)"/g],
  [/\.md$/, /\]\((\.\.?\/[^)\s]*)\)/g],
  [/(?:^|\/)(?:Dockerfile|[^/]*\.ya?ml)$/, /(?:^|[\s"'=])(\.\.\/[^\s"']*)/gm],
];

/** Everything that a file reaches for outside the template, where a copy has nothing. */
const escapes = (folder, inGit) =>
  inGit.flatMap((file) =>
    references
      .filter(([kind]) => kind.test(file))
      .flatMap(([, pattern]) => [...readFileSync(join(folder, file), "utf8").matchAll(pattern)])
      .filter(([, path]) => !(resolve(folder, dirname(file), path) + sep).startsWith(resolve(folder) + sep))
      .map(([, path]) => `${file} reaches for ${path}, which a copy does not have`),
  );

function base(folder, { version, bin, publishConfig }) {
  if (!existsSync(`${folder}/offshoot.json`)) return ["is missing: an update would not know where the copy began"];
  const said = read(`${folder}/offshoot.json`);
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  return [
    ...(said.template === name ? [] : [`names the template ${said.template}, and this is ${name}`]),
    ...(said.version === version ? [] : [`its version is ${said.version}, the package's ${version}`]),
    ...(publishConfig?.bin === undefined || said.bin === Object.values(bin)[0]
      ? []
      : [`its bin is ${said.bin}, the package's ${Object.values(bin)[0]} before it is packed`]),
  ];
}

await checks((check, pack) =>
  Promise.all(
    packagesIn("templates").map(async (folder) => {
      const manifest = read(`${folder}/package.json`);
      const { name } = manifest;
      const listed = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: folder });
      const inGit = lines(listed).filter((file) => existsSync(join(folder, file)));
      check(`${name}: only plain ranges`, foreignRanges(manifest));
      check(`${name}: its range lets the core beside it in`, rangeOfCore(manifest));
      check(`${name}: is tested with the core beside it`, linkedCore(folder));
      check(`${name}: nothing outside its folder`, escapes(folder, inGit));
      check(`${name}: git files equal packed files`, unequal(inGit, (await pack(folder)).files));
      check(`${name}: offshoot.json`, base(folder, manifest));
    }),
  ),
);
