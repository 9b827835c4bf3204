import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createOffshoot, main, run, temporaryFolder } from "../fixtures/run.ts";

const minimal = fileURLToPath(new URL("../../../../templates/minimal", import.meta.url));

/** The template as `pnpm publish` would send it, under a later version: its bin is then the compiled one. */
function nextAsPublished(place: string): string {
  execFileSync("pnpm", ["pack", "--pack-destination", place], { cwd: minimal, stdio: "pipe" });
  execFileSync("tar", ["-xzf", join(place, readdirSync(place)[0] as string), "-C", place]);
  for (const name of ["package.json", "offshoot.json"]) {
    const file = join(place, "package", name);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), version: "0.9.0" }, null, 2));
  }
  execFileSync("tar", ["-czf", join(place, "next.tgz"), "-C", place, "package"]);
  return join(place, "next.tgz");
}

test("what packing changes in a template's package.json is no change of upstream's: the project starts as before", async () => {
  const place = temporaryFolder();
  const project = join(temporaryFolder(), "mine");
  await createOffshoot([project, "--template", "minimal", "--core", "registry", "--no-git"]);
  const read = (name: string): string => readFileSync(join(project, name), "utf8");
  const [manifest, config] = [read("package.json"), read(".mcp.json")];
  const next = nextAsPublished(place);
  expect(JSON.parse(readFileSync(join(place, "package/package.json"), "utf8")).bin).toEqual({
    "offshoot-minimal": "dist/src/main.js",
  });
  const words = ["update", "--from", next, "--no-gates", "--json"];
  const { code, stdout } = await run(process.execPath, [main, ...words], { cwd: project });
  expect([code, JSON.parse(stdout).yours]).toEqual([0, { added: [], changed: [], removed: [] }]);
  expect([read("package.json"), read(".mcp.json")]).toEqual([manifest, config]);
  expect(JSON.parse(read("offshoot.json"))).toMatchObject({ version: "0.9.0", bin: "src/main.ts" });
});
