/** What would be published, checked on the packed tarballs: publint, types (attw), and the files a manifest promises. Needs a build. */
import { existsSync } from "node:fs";
import { checks, lines, packagesIn, read, run } from "./checking.mjs";

const complaints = (command, args) =>
  run(command, args).then(
    () => [],
    (error) => lines(error.output),
  );

/** The paths that a manifest promises: its bins and exports. */
function promised({ bin = {}, exports = {} }) {
  const paths = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(paths));
  return [...paths(bin), ...paths(exports)].map((path) => path.replace(/^\.\//, ""));
}

/** create-offshoot carries every template whole: a file that npm left out of its tarball would be missing in every project. */
async function carried(create, pack) {
  const { nameInPackage, isProjectFile } = await import("../packages/create/src/templates.ts");
  const problems = [];
  for (const folder of packagesIn("templates")) {
    const { files } = await pack(folder);
    const wanted = files.filter(isProjectFile).map((file) => `dist/${folder}/${nameInPackage(file)}`);
    const here = create.filter((file) => file.startsWith(`dist/${folder}/`));
    problems.push(...wanted.filter((file) => !here.includes(file)).map((file) => `${file} is missing (is it built?)`));
    problems.push(...here.filter((file) => !wanted.includes(file)).map((file) => `${file} is not in the template`));
  }
  return problems;
}

await checks((check, pack) =>
  Promise.all(
    [...packagesIn("packages"), ...packagesIn("templates")].map(async (folder) => {
      const manifest = read(`${folder}/package.json`);
      const { name } = manifest;
      if (manifest.private) return;
      const { tarball, files } = await pack(folder);
      const lost = promised(manifest).filter((path) => !files.includes(path));
      check(
        `${name}: its bins and exports are packed`,
        lost.map((path) => `${path} is missing (is it built?)`),
      );
      check(`${name}: publint`, await complaints("publint", ["run", tarball, "--strict"]));
      if (Object.keys(manifest.exports ?? {}).length > 0) {
        const styles = Object.keys(manifest.exports).filter((path) => path.endsWith(".css"));
        const typed = ["--profile", "esm-only", ...(styles.length > 0 ? ["--exclude-entrypoints", ...styles] : [])];
        check(`${name}: types resolve`, await complaints("attw", [tarball, ...typed]));
      }
      if (existsSync(`${folder}/carry.ts`)) check(`${name}: carries the templates whole`, await carried(files, pack));
    }),
  ),
);
